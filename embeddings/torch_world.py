"""Silence the libraries that come with torch, and turn their loading errors into ModelError.

Use this module only where transformers is needed: its functions import transformers, which takes seconds.
"""

from __future__ import annotations

import logging
import pickle
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

from embeddings.models import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# The errors that the libraries raise for bad files have no common class. safetensors' own error is added
# below.
_LOADING_ERRORS = (OSError, ValueError, RuntimeError, ImportError, LookupError, TypeError, AttributeError)


@contextmanager
def quiet() -> Iterator[None]:
    """Silence the libraries' progress bars and remarks, and Python's warnings. Restore everything afterwards.

    Errors are still raised.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from transformers.utils import logging as transformers_logging

        remarks = logging.getLogger("sentence_transformers")
        level = remarks.level
        bars, verbosity = transformers_logging.is_progress_bar_enabled(), transformers_logging.get_verbosity()
        remarks.setLevel(logging.ERROR)
        transformers_logging.disable_progress_bar()
        transformers_logging.set_verbosity_error()
        try:
            yield
        finally:
            remarks.setLevel(level)
            transformers_logging.set_verbosity(verbosity)
            if bars:
                transformers_logging.enable_progress_bar()


@contextmanager
def loading(name: str, folder: Path) -> Iterator[None]:
    """Load a model silently.

    Raises:
        ModelError: the libraries raise an error, because the model is damaged or of another kind.
    """
    with quiet():
        from safetensors import SafetensorError

        try:
            yield
        except (*_LOADING_ERRORS, SafetensorError, pickle.UnpicklingError) as error:
            raise ModelError(
                f"sentence-transformers cannot load {name} from {folder}: {error}. Name a folder that it "
                "saved, or restore the model's files."
            ) from error
