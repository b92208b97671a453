from __future__ import annotations

import contextlib
import logging
import shutil
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pytest

from embeddings import models, onnx, runtime
from embeddings.encoder import SentenceTransformerEncoder, identify_encoder, open_encoder, open_query_encoder
from embeddings.models import ModelError
from embeddings.onnx import OnnxEncoder
from tests.embeddings.conftest import TRAPS, edit_json, lay_trap, run_python

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    from tokenizers import Tokenizer

pytestmark = pytest.mark.models

ODD = (
    "",
    " ",
    "\n\t",
    ".",
    "a",
    "\x00\x07",
    "🙂🙃👩‍👩‍👧‍👦",
    "İstanbul ǅ ﬁ ½ e\u0301",
    "谁逮捕了废金属商人？ Кого арестовали?",
    "“Nested ‘quotes’ here,” he said — twice…",
    "$$x$$ <script>alert(1)</script> ${y}",
    "Who arrested the scrap dealers?",
    "scrap " * 254,
    "scrap " * 5000,
    "x" * 20_000,
    "The authorities in Sinuiju began a crackdown on the sale of scrap metal across the river. " * 9,
)


@pytest.fixture(scope="module")
def torch_vectors(first_use: tuple[Path, subprocess.CompletedProcess[str]]) -> np.ndarray:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PULLQUOTE_CACHE", str(first_use[0]))
        return SentenceTransformerEncoder(identify_encoder()).encode_query(ODD)


def test_the_first_use_reaches_no_host_and_prints_nothing(
    first_use: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    run = first_use[1]
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def test_questions_are_asked_without_torch_or_a_network(default_cache: Path) -> None:
    script = """
import sys
from embeddings.encoder import identify_encoder, open_query_encoder
from embeddings.reranker import OnnxReranker
from embeddings.index import VectorIndex
import embeddings.onnx
vectors = open_query_encoder(identify_encoder()).encode_query(["Who?"])
scores = OnnxReranker().scores("Who?", ["They."])
heavy = {"torch", "transformers", "sentence_transformers", "huggingface_hub", "onnx", "gradio"}
print(vectors.shape, scores.shape, sorted(heavy & sys.modules.keys()))
"""
    run = run_python(script, default_cache)
    assert (run.stdout, run.stderr) == ("(1, 384) (1,) []\n", "")


@pytest.mark.parametrize("cached", [True, False])
def test_the_default_encoder_never_needs_torch(tmp_path: Path, cached: bool) -> None:
    if not cached:
        (tmp_path / "cache").write_text("a file where the cache folder should be")
    script = """
import sys
sys.modules["torch"] = sys.modules["transformers"] = None
import embeddings.runtime
embeddings.runtime.has_gpu = lambda: False
from embeddings.encoder import identify_encoder, open_encoder, open_query_encoder
stored, asked = open_encoder(), open_query_encoder(identify_encoder())
print(stored.encode_documents(["A text."]) @ asked.encode_query(["A text."]).T)
"""
    run = run_python(script, tmp_path / "cache")
    assert run.returncode == 0, run.stderr
    assert float(run.stdout.strip("[]\n")) == pytest.approx(1, abs=1e-5)
    assert ("opens slowly" in run.stderr) is not cached


def test_with_a_gpu_documents_are_encoded_by_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "has_gpu", lambda: True)
    assert isinstance(open_encoder(), SentenceTransformerEncoder)


def test_a_default_encoder_that_lacks_a_file_is_a_model_error(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    monkeypatch.setattr(models, "encoder_folder", lambda _: folder)
    with pytest.raises(ModelError, match=r"config\.json.*install its package"):
        open_query_encoder(identify_encoder())


@pytest.mark.usefixtures("default_cache")
def test_the_default_graph_encodes_odd_texts_as_sentence_transformers_does(torch_vectors: np.ndarray) -> None:
    encoder = open_query_encoder(identify_encoder())
    assert isinstance(encoder, OnnxEncoder)
    for vectors in (encoder.encode_query(ODD), encoder.encode_documents(ODD)):
        assert vectors.dtype == np.float32
        np.testing.assert_allclose(vectors, torch_vectors, atol=1e-5)


@pytest.mark.usefixtures("default_cache")
def test_the_int8_form_is_an_encoder_of_its_own_near_the_default(
    torch_vectors: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime, "has_gpu", lambda: True)  # it has no other form
    identity = identify_encoder(models.INT8_ENCODER)
    assert identity.sha256 != identify_encoder().sha256
    for encoder in (open_encoder(identity.name), open_query_encoder(identity)):
        assert encoder.identity == identity
        vectors = encoder.encode_documents(ODD)
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
        assert 0.95 < (vectors * torch_vectors).sum(axis=1).min() < 0.9999
        assert (vectors[9:] * torch_vectors[9:]).sum(axis=1).mean() > 0.99
        alone = np.concatenate([encoder.encode_query([text]) for text in ODD])
        np.testing.assert_array_equal(vectors, alone)


@pytest.mark.usefixtures("default_cache")
def test_a_vector_does_not_depend_on_the_other_texts(torch_vectors: np.ndarray) -> None:
    np.testing.assert_allclose(np.linalg.norm(torch_vectors, axis=1), 1, atol=1e-5)
    torch = SentenceTransformerEncoder(identify_encoder())
    alone = np.concatenate([torch.encode_query([text]) for text in ODD])
    np.testing.assert_allclose(torch_vectors, alone, atol=1e-5)
    exported = open_query_encoder(identify_encoder())
    alone = np.concatenate([exported.encode_query([text]) for text in ODD])
    np.testing.assert_array_equal(exported.encode_query(ODD), alone)


@pytest.mark.usefixtures("default_cache")
def test_threads_share_an_encoder() -> None:
    encoder = open_query_encoder(identify_encoder())
    expected = encoder.encode_query(ODD)
    with ThreadPoolExecutor(8) as threads:
        for vectors in threads.map(lambda _: encoder.encode_query(ODD), range(8)):
            np.testing.assert_array_equal(vectors, expected)


def test_meaning_decides_which_texts_are_near(torch_vectors: np.ndarray) -> None:
    asked, crackdown = torch_vectors[ODD.index("Who arrested the scrap dealers?")], torch_vectors[-1]
    smiling = torch_vectors[ODD.index("🙂🙃👩‍👩‍👧‍👦")]
    assert asked @ crackdown > asked @ smiling + 0.2


def test_progress_is_told_batch_by_batch_and_order_is_kept(
    cache: Path, make_encoder: Callable[..., Path]
) -> None:
    identity = identify_encoder(str(make_encoder()))
    texts = [f"text {'long ' * (i % 7)}{i}" for i in range(70)]
    torch, exported = open_encoder(identity.name), open_query_encoder(identity)
    for encoder in (torch, exported):
        told: list[tuple[int, int]] = []
        vectors = encoder.encode_documents(texts, lambda done, total: told.append((done, total)))  # noqa: B023
        assert told == [(32, 70), (64, 70), (70, 70)]
        np.testing.assert_allclose(vectors[41:42], encoder.encode_documents(texts[41:42]), atol=1e-5)
        assert encoder.encode_documents([]).shape == (0, 32)


@pytest.mark.parametrize("pooling", ["cls", "mean", "max"])
def test_a_named_models_own_pooling_and_prompts_hold_on_both_paths(
    cache: Path, make_encoder: Callable[..., Path], pooling: str
) -> None:
    prompts = {"query": "Represent this sentence for searching: ", "document": "passage: "}
    identity = identify_encoder(str(make_encoder(pooling=pooling, prompts=prompts)))
    torch, exported = open_encoder(identity.name), open_query_encoder(identity)
    assert isinstance(exported, OnnxEncoder)
    assert exported.identity == identity
    for encode in ("encode_query", "encode_documents"):
        found, expected = (getattr(encoder, encode)(ODD) for encoder in (exported, torch))
        np.testing.assert_allclose(found, expected, atol=1e-4)
    # The prompts do count.
    assert not np.allclose(exported.encode_query(ODD), exported.encode_documents(ODD), atol=1e-3)


def test_other_pooling_or_prompts_make_another_identity(make_encoder: Callable[..., Path]) -> None:
    folders = [
        make_encoder("a"),
        make_encoder("b", pooling="mean"),
        make_encoder("c", prompts={"query": "query: "}),
    ]
    assert len({identify_encoder(str(folder)).sha256 for folder in folders}) == 3


def test_a_damaged_export_is_made_again(cache: Path, make_encoder: Callable[..., Path]) -> None:
    identity = identify_encoder(str(make_encoder()))
    expected = open_query_encoder(identity).encode_query(ODD)
    for file in (cache / identity.sha256).iterdir():
        content = file.read_bytes()
        file.write_bytes(content[: len(content) // 2])
        encoder = open_query_encoder(identity)
        assert isinstance(encoder, OnnxEncoder)
        np.testing.assert_array_equal(encoder.encode_query(ODD), expected)
        assert runtime.find(cache / identity.sha256) is not None
    assert len(list((cache / identity.sha256).iterdir())) == 4


def test_a_kept_export_serves_questions_when_the_model_is_gone(
    cache: Path, make_encoder: Callable[..., Path]
) -> None:
    folder = make_encoder()
    identity = identify_encoder(str(folder))
    expected = open_query_encoder(identity).encode_query(ODD)
    shutil.rmtree(folder)
    np.testing.assert_array_equal(open_query_encoder(identity).encode_query(ODD), expected)
    with pytest.raises(ModelError, match="There is no model folder"):
        open_encoder(identity.name)


def test_a_model_that_changed_since_is_refused(cache: Path, make_encoder: Callable[..., Path]) -> None:
    folder = make_encoder()
    identity = identify_encoder(str(folder))
    edit_json(folder / "config_sentence_transformers.json", prompts={"query": "other: "})
    with pytest.raises(ModelError, match="has changed"):
        open_query_encoder(identity)


def test_an_export_with_other_vectors_is_never_used(
    cache: Path, make_encoder: Callable[..., Path], caplog: pytest.LogCaptureFixture
) -> None:
    # A prompt that pooling leaves out cannot be told from token ids alone.
    folder = make_encoder(pooling="mean", prompts={"query": "Represent this sentence: "})
    edit_json(folder / "1_Pooling/config.json", include_prompt=False)
    with caplog.at_level(logging.WARNING):
        encoder = open_query_encoder(identify_encoder(str(folder)))
    assert isinstance(encoder, SentenceTransformerEncoder)
    assert "gives other vectors" in caplog.text
    assert encoder.encode_query(["Who?"]).shape == (1, 32)
    assert runtime.find(cache / encoder.identity.sha256) is None


def test_an_export_that_cannot_be_run_is_never_used(
    cache: Path,
    make_encoder: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    proper = onnx._tokenizer

    def endless(*arguments: object) -> Tokenizer:
        tokenizer = proper(*arguments)
        tokenizer.no_truncation()  # more tokens than the model has positions for
        return tokenizer

    monkeypatch.setattr(onnx, "_tokenizer", endless)
    encoder = open_query_encoder(identify_encoder(str(make_encoder())))
    assert isinstance(encoder, SentenceTransformerEncoder)
    assert "ONNX Runtime cannot run" in caplog.text
    assert not list(cache.rglob("*.onnx"))


def test_without_a_cache_folder_questions_are_encoded_all_the_same(
    tmp_path: Path,
    make_encoder: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    (tmp_path / "a file").write_text("where the cache folder should be")
    monkeypatch.setenv("PULLQUOTE_CACHE", str(tmp_path / "a file"))
    encoder = open_query_encoder(identify_encoder(str(make_encoder())))
    assert isinstance(encoder, SentenceTransformerEncoder)
    assert "starts slowly" in caplog.text


def test_weights_that_cannot_be_loaded_are_a_model_error(
    cache: Path, make_encoder: Callable[..., Path]
) -> None:
    folder = make_encoder()
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(ModelError, match="cannot load"):
        open_encoder(str(folder)).encode_documents(["a"])


def test_a_hub_id_is_served_from_the_local_cache_without_a_network(
    tmp_path: Path, make_encoder: Callable[..., Path]
) -> None:
    snapshots = tmp_path / "hub/models--someone--tiny"
    shutil.copytree(make_encoder(), snapshots / "snapshots" / ("0" * 40))
    (snapshots / "refs").mkdir()
    (snapshots / "refs/main").write_text("0" * 40)
    script = """
from embeddings.encoder import identify_encoder
from embeddings.models import ModelError
print(identify_encoder("someone/tiny").name)
try:
    identify_encoder("someone/else")
except ModelError as error:
    print(error)
"""
    offline = run_python(script, tmp_path, HF_HUB_CACHE=str(tmp_path / "hub"), HF_HUB_OFFLINE="1")
    assert offline.stderr == ""
    name, error = offline.stdout.splitlines()
    assert name == "someone/tiny"
    assert "HF_HUB_OFFLINE" in error
    assert "someone/else" in error


def test_a_plain_transformers_folder_is_encoded_in_silence_and_leaves_the_libraries_as_they_were(
    cache: Path, tiny_transformer: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    from transformers.utils import logging as transformers_logging

    def manners() -> tuple[int, bool, int]:
        ours = logging.getLogger("sentence_transformers").level
        return transformers_logging.get_verbosity(), transformers_logging.is_progress_bar_enabled(), ours

    before = manners()
    identity = identify_encoder(str(tiny_transformer))
    expected = open_encoder(identity.name).encode_query(ODD)
    np.testing.assert_allclose(open_query_encoder(identity).encode_query(ODD), expected, atol=1e-4)
    assert manners() == before
    assert tuple(capfd.readouterr()) == ("", "")


def test_the_default_weights_are_checked_before_torch_reads_them(cache: Path) -> None:
    wrong = models.EncoderIdentity(models.DEFAULT_ENCODER, "0" * 64, 384)
    with pytest.raises(ModelError, match="damaged or is not"):
        open_query_encoder(wrong)


@pytest.mark.parametrize("kind", TRAPS)
def test_code_in_a_models_folder_never_runs(
    cache: Path, make_encoder: Callable[..., Path], kind: str
) -> None:
    folder = make_encoder()
    sprung = lay_trap(folder, kind)
    with contextlib.suppress(ModelError):
        open_query_encoder(identify_encoder(str(folder))).encode_query(["Who?"])
    assert not sprung.exists()
