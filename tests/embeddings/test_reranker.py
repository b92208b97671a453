from __future__ import annotations

import contextlib
import shutil
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pytest

from embeddings import models, runtime
from embeddings.models import ModelError
from embeddings.reranker import CrossEncoderReranker, OnnxReranker
from tests.embeddings.conftest import TRAPS, lay_trap

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.models

QUESTION = "How many people live in Berlin?"
TEXTS = [
    "New York City is famous for its museums.",
    "Berlin had a population of 3,520,031 registered inhabitants in an area of 891.82 square kilometres.",
    "",
    "🙂",
    "Bananas are yellow. " * 300,
    "Berlin is well known for its museums.",
]


@pytest.fixture(scope="module")
def reranker(first_use: tuple[Path, subprocess.CompletedProcess[str]]) -> OnnxReranker:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PULLQUOTE_CACHE", str(first_use[0]))
        return OnnxReranker()


def test_the_text_that_answers_scores_highest_by_far(reranker: OnnxReranker) -> None:
    scores = reranker.scores(QUESTION, TEXTS)
    assert scores.dtype == np.float32
    assert scores.argmax() == 1
    assert scores[1] > 5
    assert np.delete(scores, 1).max() < 0


def test_scores_keep_the_order_of_texts_and_depend_on_their_own_text_alone(
    reranker: OnnxReranker,
) -> None:
    expected = [float(reranker.scores(QUESTION, [text])[0]) for text in TEXTS]
    assert reranker.scores(QUESTION, TEXTS).tolist() == expected
    assert reranker.scores(QUESTION, TEXTS[::-1]).tolist() == expected[::-1]


def test_no_texts_have_no_scores(reranker: OnnxReranker) -> None:
    assert reranker.scores(QUESTION, []).shape == (0,)


def test_a_question_longer_than_the_model_reads_leaves_room_for_the_text(
    reranker: OnnxReranker,
) -> None:
    scores = reranker.scores(f"{QUESTION} " * 200, TEXTS)
    assert scores.argmax() == 1
    assert np.isfinite(reranker.scores("", TEXTS)).all()


def test_only_the_text_is_cut_at_the_models_limit(reranker: OnnxReranker) -> None:
    start = TEXTS[1] + " filler" * 600
    first, second = reranker.scores(QUESTION, [start, start + " filler" * 600])
    assert first == second
    assert first > 0


def test_threads_share_a_reranker(reranker: OnnxReranker) -> None:
    expected = reranker.scores(QUESTION, TEXTS)
    with ThreadPoolExecutor(8) as threads:
        for scores in threads.map(lambda _: reranker.scores(QUESTION, TEXTS), range(8)):
            np.testing.assert_array_equal(scores, expected)


def test_a_damaged_copy_is_made_again_with_the_same_scores(reranker: OnnxReranker, cache: Path) -> None:
    expected = reranker.scores(QUESTION, TEXTS)
    np.testing.assert_array_equal(OnnxReranker().scores(QUESTION, TEXTS), expected)
    (weights,) = cache.rglob("*.weights")
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-1])
    np.testing.assert_array_equal(OnnxReranker().scores(QUESTION, TEXTS), expected)
    assert weights.read_bytes() == whole
    assert runtime.find(weights.parent) is not None


def test_without_a_cache_folder_the_scores_are_the_same(
    reranker: OnnxReranker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "a file").write_text("where the cache folder should be")
    monkeypatch.setenv("PULLQUOTE_CACHE", str(tmp_path / "a file"))
    np.testing.assert_array_equal(OnnxReranker().scores(QUESTION, TEXTS), reranker.scores(QUESTION, TEXTS))
    assert "opens slowly" in caplog.text


def test_damaged_weights_are_refused(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = shutil.copytree(models.reranker_folder(), tmp_path / "reranker")
    with (copy / "model.onnx").open("r+b") as file:
        file.truncate(1_000_000)
    monkeypatch.setattr(models, "reranker_folder", lambda: copy)
    with pytest.raises(ModelError, match=r"damaged or is not.*pip install"):
        OnnxReranker()


def test_a_named_cross_encoder_gives_raw_logits_in_order(make_cross_encoder: Callable[..., Path]) -> None:
    import torch

    opened = CrossEncoderReranker(str(make_cross_encoder()))
    scores = opened.scores(QUESTION, TEXTS)
    model = opened._model
    for text, score in zip(TEXTS, scores, strict=True):
        tokens = model.tokenizer([QUESTION], [text], truncation=True, max_length=64, return_tensors="pt")
        with torch.no_grad():
            logit = float(model.model(**{k: v.to(model.device) for k, v in tokens.items()}).logits)
        assert score == pytest.approx(logit, abs=1e-5)
    assert opened.scores(QUESTION, []).shape == (0,)


def test_a_model_with_several_scores_a_pair_is_no_reranker(make_cross_encoder: Callable[..., Path]) -> None:
    with pytest.raises(ModelError, match="3 scores"):
        CrossEncoderReranker(str(make_cross_encoder(3)))


def test_a_folder_without_a_model_is_no_reranker(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="not a model"):
        CrossEncoderReranker(str(tmp_path))


@pytest.mark.parametrize("kind", TRAPS)
def test_code_in_a_models_folder_never_runs(make_cross_encoder: Callable[..., Path], kind: str) -> None:
    folder = make_cross_encoder()
    sprung = lay_trap(folder, kind)
    with contextlib.suppress(ModelError):
        CrossEncoderReranker(str(folder)).scores("Who?", ["They."])
    assert not sprung.exists()
