"""The reader as it is trained: a BERT with three heads. Served by `embeddings/reader.py` from its export."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from transformers import BertConfig, BertForSequenceClassification

from embeddings.reader import lay_out, marks

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tokenizers import Tokenizer

    from training.windows import Example

QUESTION_TOKENS = 128
MOST_TOKENS = 384


class ReaderModel(nn.Module):
    """One pass over `[CLS] question [SEP] head sentences [SEP]`.

    Gives a logit for the window (does it answer?), one for each sentence (is it evidence?), and for each
    token one as the first and one as the last of the words that answer; where nothing answers, the first
    token is both.
    """

    def __init__(self, whole: BertForSequenceClassification) -> None:
        """Start from a cross-encoder, whose one score becomes the window's."""
        super().__init__()
        self.bert = whole.bert
        self.window = whole.classifier
        # A cross-encoder's scores run from -11 to 11: too sure for a probability.
        self.scale = nn.Parameter(torch.tensor(0.4))
        self.bias = nn.Parameter(torch.tensor(0.0))
        hidden = self.bert.config.hidden_size
        self.sentence = nn.Sequential(nn.Linear(2 * hidden, 128), nn.GELU(), nn.Linear(128, 1))
        self.span = nn.Linear(hidden, 2)
        # Two thirds of the weights, and what the start knows of rare words should stay.
        for parameter in self.bert.embeddings.parameters():
            parameter.requires_grad = False

    @classmethod
    def started(cls, folder: Path) -> ReaderModel:
        """Return a model from a cross-encoder's folder, or from a plain encoder's with a new window head."""
        return cls(BertForSequenceClassification.from_pretrained(folder, num_labels=1))

    @classmethod
    def restored(cls, state: dict[str, Tensor]) -> ReaderModel:
        """Return a model with a trained state."""
        model = cls(BertForSequenceClassification(bert_config(state)))
        model.load_state_dict(state)
        return model

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor, pool: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Read windows: [batch], [batch, sentences], [batch, tokens, 2].

        `pool` [batch, sentences, tokens] averages a sentence's tokens: 1/n on each of them, 0 elsewhere.
        """
        read = self.bert(input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids)
        return self.read(read.last_hidden_state, read.pooler_output, pool)

    def read(self, states: Tensor, pooled: Tensor, pool: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the logits for the last states [batch, tokens, hidden] and BERT's pooled first one."""
        window = self.window(pooled).squeeze(-1) * self.scale + self.bias
        means = torch.matmul(pool.to(states.dtype), states)
        first = states[:, :1].expand(-1, means.shape[1], -1)
        sentence = self.sentence(torch.cat([means, first], dim=-1)).squeeze(-1)
        return window, sentence, self.span(states)

    def heads(self) -> list[nn.Parameter]:
        """Return the parameters that start untrained, and so learn faster."""
        return [self.scale, self.bias, *self.sentence.parameters(), *self.span.parameters()]


def bert_config(state: dict[str, Tensor]) -> BertConfig:
    """Return the configuration of a cross-encoder or reader, by its weights' shapes; it has 12 heads."""
    words, hidden = state["bert.embeddings.word_embeddings.weight"].shape
    layers = 1 + max(int(name.split(".")[3]) for name in state if name.startswith("bert.encoder.layer."))
    return BertConfig(
        vocab_size=words,
        hidden_size=hidden,
        num_hidden_layers=layers,
        num_attention_heads=12,
        intermediate_size=4 * hidden,
        num_labels=1,
    )


@dataclass(frozen=True, slots=True)
class Tokens:
    """An example as the model takes it. `bounds` are where its sentences start, and where the last ends."""

    ids: list[int]
    types: list[int]
    bounds: list[int]
    span: tuple[int, int] | None


def encode(tokenizer: Tokenizer, example: Example) -> Tokens:
    """Return the tokens of question, head and sentences, and the span as its first and last token.

    The span is (0, 0) where nothing answers, None where the words that answer are not known.
    """
    texts = [example.question, example.head, *example.sentences]
    encodings = tokenizer.encode_batch(texts, add_special_tokens=False)
    question, head, *sentences = encodings
    ids, types, bounds = lay_out(
        marks(tokenizer),
        question.ids[:QUESTION_TOKENS],
        head.ids,
        [each.ids for each in sentences],
        MOST_TOKENS,
    )
    span = None if example.answers else (0, 0)
    if example.span:
        place, start, end = example.span
        inside = [i for i, (a, b) in enumerate(sentences[place].offsets) if a < end and b > start]
        if inside and bounds[place] + inside[-1] < MOST_TOKENS - 1:
            span = (bounds[place] + inside[0], bounds[place] + inside[-1])
    return Tokens(ids, types, bounds, span)


@dataclass(frozen=True, slots=True)
class Batch:
    """Padded examples."""

    inputs: tuple[Tensor, Tensor, Tensor, Tensor]
    answers: Tensor
    labels: Tensor
    read: Tensor
    spans: Tensor


def collate(encoded: Sequence[Tokens], examples: Sequence[Example]) -> Batch:
    """Return a batch. `read` marks the sentences that the model sees; spans of -100 do not count."""
    size = len(examples)
    tokens = max(len(each.ids) for each in encoded)
    most = max(len(each.bounds) - 1 for each in encoded)
    ids, types, mask = (torch.zeros(size, tokens, dtype=torch.long) for _ in range(3))
    pool, labels, read = torch.zeros(size, most, tokens), torch.zeros(size, most), torch.zeros(size, most)
    spans = torch.full((size, 2), -100)
    for row, (each, example) in enumerate(zip(encoded, examples, strict=True)):
        ids[row, : len(each.ids)] = torch.tensor(each.ids)
        types[row, : len(each.ids)] = torch.tensor(each.types)
        mask[row, : len(each.ids)] = 1
        for place, (start, end) in enumerate(pairwise(each.bounds)):
            if end > start:
                pool[row, place, start:end] = 1 / (end - start)
                read[row, place] = 1
                labels[row, place] = example.labels[place]
        if each.span:
            spans[row] = torch.tensor(each.span)
    # Evidence that was cut off answers nothing.
    answers = labels.amax(dim=1)
    spans[answers == 0] = 0
    return Batch((ids, mask, types, pool), answers, labels, read, spans)


def loss(model: ReaderModel, batch: Batch) -> tuple[Tensor, dict[str, float]]:
    """Return the loss, and its parts by name."""
    window, sentence, span = (each.float() for each in model(*batch.inputs))
    window_loss = nn.functional.binary_cross_entropy_with_logits(window, batch.answers)
    every = nn.functional.binary_cross_entropy_with_logits(
        sentence, batch.labels, reduction="none", pos_weight=torch.tensor(2.0)
    )
    sentence_loss = (every * batch.read).sum() / batch.read.sum().clamp(min=1)
    padding = (batch.inputs[1] == 0).unsqueeze(-1) * -1e4
    span_loss = nn.functional.cross_entropy(
        (span + padding).transpose(1, 2).reshape(-1, span.shape[1]), batch.spans.reshape(-1), reduction="sum"
    ) / (batch.spans >= 0).sum().clamp(min=1)
    whole = window_loss + 2 * sentence_loss + 0.3 * span_loss
    return whole, {"window": window_loss.item(), "sentence": sentence_loss.item(), "span": span_loss.item()}
