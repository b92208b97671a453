"""The reader as it is trained: an encoder with five heads. `embeddings/reader.py` serves its export."""

from __future__ import annotations

import copy
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from transformers import AutoConfig, BertConfig, BertForSequenceClassification, MPNetConfig, MPNetModel

from embeddings.reader import lay_out, marks

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tokenizers import Tokenizer

    from training.windows import Example

QUESTION_TOKENS = 128
MOST_TOKENS = 384
# No dropout: on a processor, drawing what to drop takes ten times as long as the attention itself.
DROPOUT = {"attention_probs_dropout_prob": 0.0, "hidden_dropout_prob": 0.0}
# Minimum distance between the logit of a window that answers and the logits of its rivals.
MARGIN = 1.0


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights of the parts of the loss.

    Attributes:
        rivals: weight of the loss that makes an answering window surer than the other windows of its list.
        relevance: weight of the loss that makes the second judgement equal to the cross-encoder's.
        taught: share of the teacher's logits in the targets, 0 to 1. The labels have the other share.
    """

    rivals: float = 0.5
    relevance: float = 0.1
    taught: float = 0.0


class ReaderModel(nn.Module):
    """One pass over `[CLS] question [SEP] head sentences [SEP]` (`embeddings.reader.lay_out`).

    The model gives these logits:

    - one for the window: does it answer?
    - two for each sentence: is it evidence of an answer, and of an answer to a part of the question?
    - two for each token: is it the first, and the last, of the words that answer? If the window does not
    answer,
      the first token of the input is both.
    - one for the subject: the score that a cross-encoder for relevance would give.
    """

    padding: int  # the token that fills up a batch

    def __init__(self, hidden: int, window: nn.Linear) -> None:
        """Start from the layer that scores a window."""
        super().__init__()
        self.window = window
        # A cross-encoder's scores run from -11 to 11. As logits they would be too sure, so they are scaled.
        self.scale = nn.Parameter(torch.tensor(0.4))
        self.bias = nn.Parameter(torch.tensor(0.0))
        self.sentence = nn.Sequential(nn.Linear(2 * hidden, 128), nn.GELU(), nn.Linear(128, 1))
        self.part = copy.deepcopy(self.sentence)
        self.span = nn.Linear(hidden, 2)
        self.relevance = copy.deepcopy(window)

    @staticmethod
    def started(folder: Path) -> ReaderModel:
        """Return a model from a cross-encoder's folder, or from a plain encoder's with a new window head."""
        if AutoConfig.from_pretrained(folder).model_type == "mpnet":
            return MPNetReader(MPNetModel.from_pretrained(folder, **DROPOUT))
        return BertReader(BertForSequenceClassification.from_pretrained(folder, num_labels=1, **DROPOUT))

    @staticmethod
    def restored(state: dict[str, Tensor]) -> ReaderModel:
        """Return a model with a trained state. A missing head for parts copies the head for sentences."""
        state = state | {
            name.replace("sentence", "part"): weight
            for name, weight in state.items()
            if name.startswith("sentence.") and name.replace("sentence", "part") not in state
        }
        if any(name.startswith("mpnet.") for name in state):
            model: ReaderModel = MPNetReader(MPNetModel(mpnet_config(state)))
        else:
            model = BertReader(BertForSequenceClassification(bert_config(state)))
        model.load_state_dict(state)
        return model

    def states(self, input_ids: Tensor, attention_mask: Tensor, types: Tensor) -> tuple[Tensor, Tensor]:
        """Return the last states [batch, tokens, hidden], and the pooled state of the first token."""
        raise NotImplementedError

    @property
    def body(self) -> nn.Module:
        """The encoder below the heads."""
        raise NotImplementedError

    def layers(self) -> nn.ModuleList:
        """Return the layers of attention, the lowest first."""
        return self.body.encoder.layer

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, types: Tensor, pool: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Return logits: [batch], [batch, sentences], [batch, tokens, 2], [batch], [batch, sentences].

        `pool` [batch, sentences, tokens] averages a sentence's n tokens: it is 1/n for each of them, 0
        elsewhere.
        """
        return self.read(*self.states(input_ids, attention_mask, types), pool)

    def read(
        self, states: Tensor, pooled: Tensor, pool: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Return the logits for the last states [batch, tokens, hidden] and the pooled first state."""
        window = self.window(pooled).squeeze(-1) * self.scale + self.bias
        means = torch.matmul(pool.to(states.dtype), states)
        first = states[:, :1].expand(-1, means.shape[1], -1)
        both = torch.cat([means, first], dim=-1)
        sentence, part = self.sentence(both).squeeze(-1), self.part(both).squeeze(-1)
        return window, sentence, self.span(states), self.relevance(pooled).squeeze(-1), part

    def heads(self) -> list[nn.Parameter]:
        """Return the parameters that learn at the higher rate."""
        heads = (self.sentence, self.part, self.span, self.relevance)
        return [self.scale, self.bias, *(parameter for head in heads for parameter in head.parameters())]

    def freeze(self, layers: int) -> None:
        """Keep the embeddings of words and the lowest layers as they are.

        The embeddings are a large share of the weights, and should keep what they know of rare words.
        """
        for module in (self.body.embeddings, *self.layers()[:layers]):
            for parameter in module.parameters():
                parameter.requires_grad = False


class BertReader(ReaderModel):
    """A reader that starts from a cross-encoder. The cross-encoder's score becomes the window's logit."""

    padding = 0

    def __init__(self, whole: BertForSequenceClassification) -> None:
        """Take the cross-encoder's layers and its score."""
        super().__init__(whole.config.hidden_size, whole.classifier)
        self.bert = whole.bert
        self.freeze(0)

    @property
    def body(self) -> nn.Module:
        """BERT."""
        return self.bert

    def states(self, input_ids: Tensor, attention_mask: Tensor, types: Tensor) -> tuple[Tensor, Tensor]:
        """See ReaderModel."""
        read = self.bert(input_ids, attention_mask=attention_mask, token_type_ids=types)
        return read.last_hidden_state, read.pooler_output


class MPNetReader(ReaderModel):
    """A deeper reader that starts from an encoder. It has no types of tokens."""

    padding = 1

    def __init__(self, mpnet: MPNetModel) -> None:
        """Take the encoder's layers. The head of the window is new, so its score is not scaled."""
        super().__init__(mpnet.config.hidden_size, nn.Linear(mpnet.config.hidden_size, 1))
        self.scale.data.fill_(1.0)
        self.mpnet = mpnet
        self.freeze(0)

    @property
    def body(self) -> nn.Module:
        """MPNet."""
        return self.mpnet

    def states(self, input_ids: Tensor, attention_mask: Tensor, types: Tensor) -> tuple[Tensor, Tensor]:
        """See ReaderModel."""
        del types
        read = self.mpnet(input_ids, attention_mask=attention_mask)
        return read.last_hidden_state, read.pooler_output

    def heads(self) -> list[nn.Parameter]:
        """See ReaderModel. The pooler and the head of the window are new, too."""
        return [*super().heads(), *self.window.parameters(), *self.mpnet.pooler.parameters()]


def mpnet_config(state: dict[str, Tensor]) -> MPNetConfig:
    """Return the configuration of a deeper reader by its weights' shapes, with 12 heads of attention."""
    places = state["mpnet.embeddings.position_embeddings.weight"].shape[0]
    return MPNetConfig(max_position_embeddings=places, layer_norm_eps=1e-5, **_shape(state, "mpnet"))


def bert_config(state: dict[str, Tensor]) -> BertConfig:
    """Return the configuration of a BERT by its weights' shapes, with 12 heads of attention."""
    return BertConfig(num_labels=1, **_shape(state, "bert"))


def _shape(state: dict[str, Tensor], body: str) -> dict[str, Any]:
    words, hidden = state[f"{body}.embeddings.word_embeddings.weight"].shape
    layers = 1 + max(int(name.split(".")[3]) for name in state if name.startswith(f"{body}.encoder.layer."))
    return {
        "vocab_size": words,
        "hidden_size": hidden,
        "num_hidden_layers": layers,
        "num_attention_heads": 12,
        "intermediate_size": 4 * hidden,
        **DROPOUT,
    }


@dataclass(frozen=True, slots=True)
class Tokens:
    """An example as the model reads it. `bounds` has the starts of the sentences, and the end of the last."""

    ids: list[int]
    types: list[int]
    bounds: list[int]
    span: tuple[int, int] | None


def encode(tokenizer: Tokenizer, example: Example) -> Tokens:
    """Return the tokens of question, head, context and sentences, and the first and last token of the span.

    The span is (0, 0) if no sentence answers the question or a part of it. It is None if the words that
    answer are not known.
    """
    texts = [example.question, example.head, example.context, *example.sentences]
    question, head, context, *sentences = tokenizer.encode_batch(texts, add_special_tokens=False)
    ids, types, bounds = lay_out(
        marks(tokenizer),
        question.ids[:QUESTION_TOKENS],
        head.ids,
        context.ids,
        [sentence.ids for sentence in sentences],
        MOST_TOKENS,
    )
    span = None if example.answers or any(example.parts) else (0, 0)
    if example.span:
        index, start, end = example.span
        inside = [i for i, (a, b) in enumerate(sentences[index].offsets) if a < end and b > start]
        if inside and bounds[index] + inside[-1] < MOST_TOKENS - 1:
            span = (bounds[index] + inside[0], bounds[index] + inside[-1])
    return Tokens(ids, types, bounds, span)


@dataclass(frozen=True, slots=True)
class Batch:
    """Padded examples.

    Attributes:
        inputs: token ids, mask, types, and the matrix that averages each sentence's tokens.
        answers: whether each window answers.
        labels: whether each sentence is evidence.
        parts: whether each sentence is evidence for a part of the question.
        read: which sentences the model sees.
        spans: the first and last token of the words that answer. (0, 0) means no answer. -100 does not count.
        lists: the number of the list in which each window is compared.
        plain: which windows are read without context.
        taught: the teacher's probabilities of the window (first) and of each sentence. Without a teacher, the
            labels.
        taught_parts: the teacher's probabilities of each sentence as evidence for a part.
    """

    inputs: tuple[Tensor, Tensor, Tensor, Tensor]
    answers: Tensor
    labels: Tensor
    parts: Tensor
    read: Tensor
    spans: Tensor
    lists: Tensor
    plain: Tensor
    taught: Tensor
    taught_parts: Tensor

    def to(self, device: torch.device) -> Batch:
        """Return the batch on a device."""
        first, *others = (getattr(self, field.name) for field in fields(self))
        return Batch(tuple(tensor.to(device) for tensor in first), *(tensor.to(device) for tensor in others))


def collate(
    encoded: Sequence[Tokens], examples: Sequence[Example], lists: Sequence[int] = (), padding: int = 0
) -> Batch:
    """Return a batch. `lists` has the numbers of the examples' lists. Without it, each example is a list."""
    size = len(examples)
    tokens = max(len(window.ids) for window in encoded)
    most = max(len(window.bounds) - 1 for window in encoded)
    ids, types, mask = (torch.zeros(size, tokens, dtype=torch.long) for _ in range(3))
    ids += padding
    pool = torch.zeros(size, most, tokens)
    taught = torch.full((size, 1 + most), torch.nan)
    taught_parts = torch.full((size, most), torch.nan)
    labels, parts, read = (torch.zeros(size, most) for _ in range(3))
    spans = torch.full((size, 2), -100)
    for row, (window, example) in enumerate(zip(encoded, examples, strict=True)):
        ids[row, : len(window.ids)] = torch.tensor(window.ids)
        types[row, : len(window.ids)] = torch.tensor(window.types)
        mask[row, : len(window.ids)] = 1
        own = averaging(window)
        pool[row, : len(own), : len(window.ids)] = own
        if example.taught:
            logits = torch.tensor(example.taught).sigmoid()
            taught[row, : 1 + len(own)] = logits[: 1 + len(own)]
            taught_parts[row, : len(own)] = logits[1 + len(own) :]
        for index, (start, end) in enumerate(pairwise(window.bounds)):
            if end > start:
                read[row, index] = 1
                labels[row, index] = example.labels[index]
                parts[row, index] = (example.parts or example.labels)[index]
        if window.span:
            spans[row] = torch.tensor(window.span)
    # A window answers only if its evidence was not cut off.
    answers = labels.amax(dim=1)
    spans[(answers == 0) & (parts.amax(dim=1) == 0)] = 0
    numbers = torch.tensor(lists or range(size))
    plain = torch.tensor([not example.context for example in examples])
    truth = torch.cat([answers[:, None], labels], dim=1)
    return Batch(
        (ids, mask, types, pool), answers, labels, parts, read, spans, numbers, plain,
        torch.where(taught.isnan(), truth, taught), torch.where(taught_parts.isnan(), parts, taught_parts),
    )  # fmt: skip


def averaging(tokens: Tokens) -> Tensor:
    """Return the matrix [sentences, tokens] that averages a sentence's n tokens, with 1/n for each."""
    pool = torch.zeros(len(tokens.bounds) - 1, len(tokens.ids))
    for row, (start, end) in zip(pool, pairwise(tokens.bounds), strict=True):
        row[start:end] = 1 / max(1, end - start)
    return pool


def loss(
    model: ReaderModel, parts: Sequence[Batch], weights: Weights, relevance: Sequence[Tensor] = ()
) -> tuple[Tensor, dict[str, float]]:
    """Return the loss of a batch, and its parts by name.

    Args:
        model: the model that is trained.
        parts: the batch in parts, with windows of similar length together.
        weights: the weights of the parts of the loss.
        relevance: the cross-encoder's scores for each of `parts`. It is empty if the cross-encoder was not
            asked.
    """
    share = weights.taught
    windows, sentences, spans, scores, partial = [], [], [], [], []
    for batch in parts:
        window, sentence, span, score, part = (output.float() for output in model(*batch.inputs))
        windows.append(window)
        scores.append(score)
        sentences.append(_of_sentences(sentence, batch.labels, batch.taught[:, 1:], share, batch.read))
        partial.append(_of_sentences(part, batch.parts, batch.taught_parts, share, batch.read))
        padding = (batch.inputs[1] == 0).unsqueeze(-1) * -1e4
        logits = (span + padding).transpose(1, 2).reshape(-1, span.shape[1])
        spans.append(nn.functional.cross_entropy(logits, batch.spans.reshape(-1), reduction="sum"))
    window, answers = torch.cat(windows), torch.cat([batch.answers for batch in parts])
    taught = torch.cat([batch.taught[:, 0] for batch in parts])
    read = sum(batch.read.sum() for batch in parts)
    known_spans = sum((batch.spans >= 0).sum() for batch in parts)
    losses = {
        "window": nn.functional.binary_cross_entropy_with_logits(
            window, (1 - share) * answers + share * taught
        ),
        "sentence": sum(sentences) / torch.clamp(read, min=1),
        "span": sum(spans) / torch.clamp(known_spans, min=1),
        "part": sum(partial) / torch.clamp(read, min=1),
    }
    whole = losses["window"] + 2 * losses["sentence"] + 0.3 * losses["span"] + losses["part"]
    if weights.rivals:
        losses["rivals"] = rivals(window, answers, torch.cat([batch.lists for batch in parts]))
        whole = whole + weights.rivals * losses["rivals"]
    plain = torch.cat([batch.plain for batch in parts])
    if relevance and plain.any():
        own, taught = torch.cat(scores)[plain], torch.cat(list(relevance))[plain]
        losses["relevance"] = nn.functional.smooth_l1_loss(own, taught)
        whole = whole + weights.relevance * losses["relevance"]
    return whole, {name: value.item() for name, value in losses.items()}


def _of_sentences(logits: Tensor, labels: Tensor, taught: Tensor, share: float, read: Tensor) -> Tensor:
    """Return the summed loss of the sentences that the model reads, all [batch, sentences].

    Evidence is rare, so its labels count twice. The teacher's probabilities (`taught`) already reflect this
    weight.
    """
    loss_of = nn.functional.binary_cross_entropy_with_logits
    labelled = loss_of(logits, labels, reduction="none", pos_weight=logits.new_tensor(2.0))
    of_teacher = loss_of(logits, taught, reduction="none")
    return (((1 - share) * labelled + share * of_teacher) * read).sum()


def rivals(window: Tensor, answers: Tensor, lists: Tensor) -> Tensor:
    """Return the loss of answering windows against the other windows of their lists, or 0 without any.

    The loss is the cross-entropy of each answering window among the windows of its list that do not answer.
    The logits of the windows that do not answer are first raised by MARGIN.

    Args:
        window: the logits [batch].
        answers: whether each window answers [batch].
        lists: the number of each window's list [batch].
    """
    against = (lists[:, None] == lists) & (answers == 0)
    rows = (answers == 1) & against.any(dim=1)
    if not rows.any():
        return window.sum() * 0
    rival = (window + MARGIN).expand_as(against).masked_fill(~against, -torch.inf).logsumexp(dim=1)
    return nn.functional.softplus(rival[rows] - window[rows]).mean()
