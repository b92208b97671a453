"""Load the modules of a writer before it is forked, because loading takes longer than its work."""

from __future__ import annotations

import datasketch  # noqa: F401

from qa.document.metadata import with_language
from tests.qa.intake.writer import Spec, document_of

with_language(document_of(Spec(0, 0, "txt")))
