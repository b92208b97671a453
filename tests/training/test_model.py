from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from embeddings.reader import TrainedReader
from embeddings.reading import Window
from training.windows import Example

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.models

EXAMPLE = Example(
    "How many people live in Berlin?",
    "Berlin",
    ("It is the capital.", "It has 3,520,031 inhabitants.", "They like to cycle."),
    (False, True, False),
    (1, 7, 16),
    "answers",
    "here",
)
NOTHING = Example("How old is it?", "Berlin", ("It is the capital.",), (False,), None, "same", "here")


def small(body: str = "bert") -> Any:
    """A reader of two narrow layers, untrained."""
    from transformers import BertConfig, BertForSequenceClassification, MPNetConfig, MPNetModel

    from training.model import BertReader, MPNetReader

    shape = {
        "vocab_size": 30522,
        "hidden_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 12,
        "intermediate_size": 192,
    }
    if body == "mpnet":
        return MPNetReader(MPNetModel(MPNetConfig(**shape)))
    return BertReader(BertForSequenceClassification(BertConfig(**shape, num_labels=1)))


def test_a_batch_pools_each_sentence_and_points_at_the_words_that_answer() -> None:
    from training.model import collate, encode
    from training.reader import open_tokenizer

    tokenizer = open_tokenizer()
    encoded = [encode(tokenizer, each) for each in (EXAMPLE, NOTHING)]
    batch = collate(encoded, [EXAMPLE, NOTHING])
    pool = batch.inputs[3]
    assert pool.sum(dim=2).round(decimals=5).tolist() == [[1, 1, 1], [1, 0, 0]]
    assert batch.labels.tolist() == [[0, 1, 0], [0, 0, 0]]
    assert batch.answers.tolist() == [1, 0]
    first, last = batch.spans[0].tolist()
    assert tokenizer.decode(encoded[0].ids[first : last + 1]).replace(" ", "") == "3,520,031"
    assert batch.spans[1].tolist() == [0, 0]


def test_evidence_beyond_the_limit_answers_nothing() -> None:
    from training.model import MOST_TOKENS, collate, encode
    from training.reader import open_tokenizer

    long = Example(
        "How many?", "", ("word " * MOST_TOKENS, "Nine."), (False, True), (1, 0, 4), "answers", "here"
    )
    batch = collate([encode(open_tokenizer(), long)], [long])
    assert batch.answers.tolist() == [0]
    assert batch.spans.tolist() == [[0, 0]]


def test_a_batch_without_any_known_span_has_a_loss() -> None:
    from training.model import Weights, collate, encode, loss
    from training.reader import open_tokenizer

    unknown = Example(EXAMPLE.question, "", EXAMPLE.sentences, EXAMPLE.labels, None, "answers", "here")
    value, _ = loss(small(), [collate([encode(open_tokenizer(), unknown)], [unknown])], Weights())
    assert np.isfinite(value.item())


def test_the_loss_is_the_same_in_whatever_parts_a_batch_is_read() -> None:
    import torch

    from training.model import Weights, collate, encode, loss
    from training.reader import open_tokenizer

    model, tokenizer = small().eval(), open_tokenizer()
    every = [EXAMPLE, NOTHING, replace(EXAMPLE, sentences=EXAMPLE.sentences * 4, labels=EXAMPLE.labels * 4)]
    encoded = [encode(tokenizer, each) for each in every]
    with torch.no_grad():
        relevance = torch.tensor([1.0, 2.0, 3.0])
        whole, _ = loss(model, [collate(encoded, every, [0, 0, 1])], Weights(), [relevance])
        first = collate(encoded[:1], every[:1], [0])
        others = collate(encoded[1:], every[1:], [0, 1])
        parted, _ = loss(model, [first, others], Weights(), [relevance[:1], relevance[1:]])
    assert parted.item() == pytest.approx(whole.item(), abs=1e-5)


def test_a_teacher_takes_the_place_of_the_labels_by_its_share() -> None:
    import torch

    from training.model import Weights, collate, encode, loss
    from training.reader import open_tokenizer

    model, tokenizer = small().eval(), open_tokenizer()
    contrary = replace(EXAMPLE, taught=(-9.0, -9.0, -9.0, 9.0, -9.0, -9.0, 9.0))
    batches = {
        name: [collate([encode(tokenizer, example)], [example])]
        for name, example in (("labels", EXAMPLE), ("teacher", contrary))
    }
    with torch.no_grad():
        values = {
            (name, share): loss(model, batch, Weights(taught=share))[1]
            for name, batch in batches.items()
            for share in (0.0, 0.5, 1.0)
        }
    for part in ("window", "sentence", "part"):
        assert values["teacher", 0.0][part] == pytest.approx(values["labels", 0.0][part])
        ends = (values["teacher", 0.0][part], values["teacher", 1.0][part])
        assert ends[0] != pytest.approx(ends[1])
        assert values["teacher", 0.5][part] == pytest.approx(sum(ends) / 2, rel=1e-4)


def test_what_answers_loses_by_its_margin_to_the_rivals_of_its_own_list_alone() -> None:
    import torch

    from training.model import MARGIN, rivals

    answers, lists = torch.tensor([1.0, 0.0, 0.0, 1.0]), torch.tensor([0, 0, 1, 1])
    window = torch.tensor([2.0, 1.0, 9.0, 0.0])
    expected = [np.log1p(np.exp(1 + MARGIN - 2)), np.log1p(np.exp(9 + MARGIN - 0))]
    assert rivals(window, answers, lists).item() == pytest.approx(np.mean(expected))
    assert rivals(window, answers * 0, lists).item() == 0


def test_the_second_judgement_learns_from_what_is_read_without_context() -> None:
    import torch

    from training.model import Weights, collate, encode, loss
    from training.reader import open_tokenizer

    model, tokenizer = small().eval(), open_tokenizer()
    in_context = replace(EXAMPLE, context="Berlin is a city.")
    every = [EXAMPLE, in_context]
    batch = collate([encode(tokenizer, each) for each in every], every)
    with torch.no_grad():
        scores = model(*batch.inputs)[3]
        for wrong, expected in ((torch.tensor([0.0, 5.0]), 0.0), (torch.tensor([5.0, 0.0]), 4.5)):
            _, losses = loss(model, [batch], Weights(), [scores + wrong])
            assert losses["relevance"] == pytest.approx(expected, abs=1e-4)


def test_training_goes_on_where_it_was_interrupted(tmp_path: Path) -> None:
    import torch

    from training import reader

    path = tmp_path / "windows.jsonl"
    entries = [{"epoch": 1, "list": at, **each.as_dict()} for at in range(30) for each in (EXAMPLE, NOTHING)]
    path.write_text("\n".join(map(json.dumps, entries)))
    lists = reader.read(path)
    assert lists == [[EXAMPLE, NOTHING]] * 30
    torch.manual_seed(1)
    start = small()
    torch.save({"model": start.state_dict()}, tmp_path / "start.pt")
    reader.main([str(tmp_path / "start.pt"), str(path), str(tmp_path / "stopped"), "--stop", "1"])
    assert torch.load(tmp_path / "stopped" / "checkpoint.pt")["done"] == 1
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    for out, stops in ((whole, [None]), (parts, [1, None])):
        out.mkdir()
        for stop in stops:
            model = small()
            model.load_state_dict(start.state_dict())
            torch.manual_seed(1)
            plan = reader.Plan(1e-3, 1e-3, stop=stop)
            reader.train(model, reader.open_tokenizer(), lists, out, plan, watched=lists)
    for kept in ("model", "average"):
        first, second = (torch.load(out / "checkpoint.pt")[kept] for out in (whole, parts))
        assert first["span.weight"].allclose(second["span.weight"])
    assert torch.load(whole / "best.pt")["model"].keys() == first.keys()
    assert not first["span.weight"].allclose(start.state_dict()["span.weight"])


def test_the_export_reads_as_the_model_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    from embeddings import models, reader
    from training import export
    from training.model import collate, encode
    from training.reader import open_tokenizer

    model = small().eval()
    target = tmp_path / "small.onnx"
    export.trace(model, target)
    weights = target.read_bytes(), models.reader_weights()[1]
    monkeypatch.setattr(models, "reader_weights", lambda: weights)
    monkeypatch.setattr(reader, "READER_SHA256", f"{tmp_path.name}")
    monkeypatch.setattr(reader, "cache_folder", lambda: tmp_path)
    [reading] = TrainedReader().read(EXAMPLE.question, [Window(EXAMPLE.head, EXAMPLE.sentences)], [0.0])
    with torch.no_grad():
        batch = collate([encode(open_tokenizer(), EXAMPLE)], [EXAMPLE])
        window, sentence, _, relevance, _ = model(*batch.inputs)
    assert reading.answers == pytest.approx(window.item(), abs=1e-4)
    assert reading.relevance == pytest.approx(relevance.item(), abs=1e-4)
    assert reading.parts == ()
    both = torch.sigmoid(window) * torch.sigmoid(sentence[0])
    assert [1 / (1 + np.exp(-each)) for each in reading.sentences] == pytest.approx(both.tolist(), abs=1e-4)


@pytest.mark.parametrize("body", ["bert", "mpnet"])
def test_training_goes_on_from_an_export(body: str, tmp_path: Path) -> None:
    import torch

    from training import export, start

    # As after training: the exporter stores equal weights, such as biases of nothing, once.
    state = {name: torch.randn_like(weight) / 10 for name, weight in small(body).state_dict().items()}
    traced, quantised = tmp_path / "traced.onnx", tmp_path / "quantised.onnx"
    export.trace(export.ReaderModel.restored(state), traced)
    export.quantise(traced, quantised)
    without = "part." if body == "bert" else "relevance."  # only a deeper reader judges parts
    state = {name: weight for name, weight in state.items() if not name.startswith(without)}
    for path, near in ((traced, 0), (quantised, 5e-3)):
        again = start.reader(start.weights(path))
        assert {name: each.shape for name, each in again.items()} == {
            name: weight.shape for name, weight in state.items()
        }
        assert all(again[name].allclose(weight, atol=near, rtol=0) for name, weight in state.items())


def test_the_start_scores_as_the_cross_encoder(tmp_path: Path) -> None:
    import torch
    from transformers import BertForSequenceClassification

    from embeddings.reranker import OnnxReranker
    from training import start

    start.main([str(tmp_path / "start")])
    model = BertForSequenceClassification.from_pretrained(tmp_path / "start").eval()
    reranker = OnnxReranker()
    pair = "How many people live in Berlin?", "Berlin has 3,520,031 registered inhabitants."
    question, text = reranker.encode_question(pair[0]), reranker.encode_texts([pair[1]])[0]
    feed = {name: torch.tensor(array) for name, array in reranker._feed(question, text).items()}
    with torch.no_grad():
        score = model(**feed).logits.item()
    assert score == pytest.approx(float(reranker.scores(pair[0], [pair[1]])[0]), abs=0.3)


@pytest.mark.parametrize("tokens", [9, 40])
def test_the_export_of_a_deeper_reader_reads_as_the_model_does(tokens: int, tmp_path: Path) -> None:
    import onnxruntime
    import torch

    from training import export

    model = small("mpnet").eval()
    export.trace(model, tmp_path / "small.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "small.onnx")
    ids, pool = torch.randint(5, 30000, (1, tokens)), torch.zeros(1, 2, tokens)
    pool[0, 0, 3:5], pool[0, 1, 5:8] = 1 / 2, 1 / 3
    found = session.run(None, {"input_ids": ids.numpy(), "pool": pool[0].numpy()})
    with torch.no_grad():
        window, sentence, span, _, part = model(ids, torch.ones_like(ids), torch.zeros_like(ids), pool)
    for one, other in zip(found, (window, sentence[0], span[0], part[0]), strict=True):
        assert one == pytest.approx(other.numpy(), abs=1e-5)


def test_evidence_for_a_part_is_learnt_apart_from_what_answers() -> None:
    from training.model import Weights, collate, encode, loss
    from training.reader import open_tokenizer

    part = replace(EXAMPLE, labels=(False,) * 3, parts=(False, True, False), span=None, kind="part")
    encoded = [encode(open_tokenizer(), each) for each in (part, NOTHING)]
    batch = collate(encoded, [part, NOTHING])
    assert batch.answers.tolist() == [0, 0]
    assert batch.labels.sum() == 0
    assert batch.parts.tolist() == [[0, 1, 0], [0, 0, 0]]
    assert batch.spans.tolist() == [[-100, -100], [0, 0]]  # which words are on the part is not known
    model = small()
    loss(model, [batch], Weights())[0].backward()
    assert all(each.grad is not None for each in model.part.parameters())
