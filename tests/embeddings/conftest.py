"""Real models for the tests: the default ones, opened once a session, and tiny ones made on the spot."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from embeddings import models
from embeddings.torch_world import quiet
from tests.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable


# Put before a script: every attempt to reach a host is noted, and fails as it does without a network.
NO_NETWORK = """
import socket, sys
def refuse(*arguments, **settings):
    sys.stderr.write(f"tried to reach {arguments[-1]}")
    raise OSError("no network")
socket.getaddrinfo = socket.create_connection = socket.socket.connect = socket.socket.connect_ex = refuse
"""


def run_python(script: str, cache: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a script in a new process, without a network, with models cached in a folder of its own."""
    import os

    return subprocess.run(
        [sys.executable, "-c", NO_NETWORK + script],
        cwd=ROOT,
        env={**os.environ, "PULLQUOTE_CACHE": str(cache), **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder, with a blank and a letter beyond ASCII in its name."""
    folder = tmp_path / "cache of Zoë"
    monkeypatch.setenv("PULLQUOTE_CACHE", str(folder))
    return folder


@pytest.fixture(scope="session")
def first_use(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """What the first use of the default models leaves: a cache folder, and what the process printed."""
    folder = tmp_path_factory.mktemp("cache of all")
    script = """
from embeddings.encoder import open_encoder
from embeddings.reranker import OnnxReranker
open_encoder().encode_documents(["A first text.", "And another one, a little longer."])
OnnxReranker().scores("What?", ["This."])
"""
    return folder, run_python(script, folder)


@pytest.fixture
def default_cache(
    first_use: tuple[Path, subprocess.CompletedProcess[str]], monkeypatch: pytest.MonkeyPatch
) -> Path:
    """The cache folder with the default models' exports in it."""
    monkeypatch.setenv("PULLQUOTE_CACHE", str(first_use[0]))
    return first_use[0]


def _tiny_config() -> tuple[object, object]:
    """A BERT that is small enough to make and export in a second, and the default encoder's tokenizer."""
    with quiet():
        from transformers import BertConfig, BertTokenizerFast

        folder = models.encoder_folder(models.encoder_identity())
        tokenizer = BertTokenizerFast.from_pretrained(folder, model_max_length=64)
        config = BertConfig(
            vocab_size=len(tokenizer),
            hidden_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=64,
            max_position_embeddings=64,
        )
    return config, tokenizer


@pytest.fixture(scope="session")
def tiny_transformer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny BERT of random weights and its tokenizer."""
    import torch
    from transformers import BertModel

    folder = tmp_path_factory.mktemp("tiny-bert")
    config, tokenizer = _tiny_config()
    with quiet():
        torch.manual_seed(7)
        BertModel(config).save_pretrained(folder)
        tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture
def make_encoder(tiny_transformer: Path, tmp_path: Path) -> Callable[..., Path]:
    """Save a tiny sentence-transformers model with a pooling and prompts of choice; gives its folder."""

    def make(name: str = "tiny", pooling: str = "cls", prompts: dict[str, str] | None = None) -> Path:
        with quiet():
            from sentence_transformers import SentenceTransformer
            from sentence_transformers import models as modules

            folder = tmp_path / name
            transformer = modules.Transformer(str(tiny_transformer))
            SentenceTransformer(
                modules=[transformer, modules.Pooling(32, pooling_mode=pooling)],
                prompts=prompts,
                device="cpu",
            ).save(str(folder))
        return folder

    return make


@pytest.fixture
def make_cross_encoder(tmp_path: Path) -> Callable[..., Path]:
    """Save a tiny CrossEncoder of random weights with so many scores a pair; gives its folder."""

    def make(scores: int = 1) -> Path:
        with quiet():
            import torch
            from transformers import BertForSequenceClassification

            config, tokenizer = _tiny_config()
            config.num_labels = scores
            folder = tmp_path / f"cross-encoder-{scores}"
            torch.manual_seed(7)
            BertForSequenceClassification(config).save_pretrained(folder)
            tokenizer.save_pretrained(folder)
        return folder

    return make


def edit_json(path: Path, **values: object) -> None:
    """Change some values of a JSON file."""
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def lay_trap(folder: Path, kind: str) -> Path:
    """Put code into a model's folder that writes a file when it is imported or unpickled; gives that file."""
    import pickle

    sprung = folder.parent / "sprung"

    class Trap:
        def __reduce__(self) -> tuple[object, tuple[Path]]:
            return Path.touch, (sprung,)

    (folder / "trap.py").write_text(
        f"from pathlib import Path\nPath({str(sprung)!r}).touch()\n"
        "from transformers import BertConfig as Config, BertModel as Model, BertTokenizerFast as Tokenizer\n"
    )
    code = {"AutoConfig": "trap.Config", "AutoModel": "trap.Model", "AutoTokenizer": ["trap.Tokenizer", None]}
    code["AutoModelForSequenceClassification"] = "trap.Model"
    match kind:
        case "module":
            modules = folder / "modules.json"
            held = json.loads(modules.read_text()) if modules.exists() else []
            modules.write_text(json.dumps([*held, {"idx": 9, "name": "9", "path": "", "type": "trap.Model"}]))
        case "configuration":
            edit_json(folder / "config.json", auto_map=code, model_type="trap")
        case "tokenizer":
            edit_json(folder / "tokenizer_config.json", auto_map=code, tokenizer_class="Tokenizer")
        case "permission":
            edit_json(folder / "config.json", auto_map=code, model_type="trap", trust_remote_code=True)
            settings = {"model_args": {"trust_remote_code": True}, "config_args": {"trust_remote_code": True}}
            (folder / "sentence_bert_config.json").write_text(json.dumps(settings))
        case "pickle":
            (folder / "model.safetensors").unlink()
            (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Trap(), protocol=2))
    return sprung


TRAPS = ("module", "configuration", "tokenizer", "permission", "pickle")
