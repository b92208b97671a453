"""Fit which words of a question show what it asks for: several places, or a fact about a document.

usage: python -m training.question_words

Fits the questions of the type `two_places` in `training/written` against all others, and for each field of a
document the questions on it of the type `head` against all others. Each set of documents is left out once:
the module prints the share of its questions that are found. It also prints the share of the questions of the
suites that ship which count as such. Then it fits all questions, and writes `qa/text/word_weights.json`.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, get_args

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from qa.asking.asks_for_several import KIND, asks_for_several
from qa.text.about import Field, asked_by_patterns, asked_by_words
from qa.text.word_weights import FILE, features
from training.corpora import read_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parent.parent
SUITES = ("kinds/development", "nk_brief", "two_part", "news")
FIELDS = get_args(Field)
# The fields that notes of the written questions mean. Other notes are left out.
NOTES = {**{field: field for field in FIELDS}, "issue": "number", "editor": "author", "signatory": "author",
         "subtitle": "title"}  # fmt: skip
MAIL = "mail"  # the note of a question on a mail's head, which may also ask for a fact about a document
# Inverse of the regularisation's strength: with less, fewer words have a weight.
C = 0.5


class Asked(NamedTuple):
    """A question of the training data.

    Attributes:
        text: the question.
        asks_for: `KIND`, a field, `MAIL` for a line of a mail's head or another fact that is left out, or "".
        document: its document.
        documents: the set of its document.
        is_plain: whether the text is not the question, but the thing that it asks for as a plain question.
    """

    text: str
    asks_for: str
    document: str
    documents: str
    is_plain: bool = False


class Rare(NamedTuple):
    """Minimum number of questions, and of documents, that have a word. Rarer words belong to the subjects."""

    questions: int
    documents: int


# Sets of documents count for questions on several places, and documents for questions on a document.
IN_SETS, IN_DOCUMENTS = Rare(10, 5), Rare(6, 4)


def main() -> None:
    """Print the shares that are found, and write the weights."""
    questions = list(written())
    for left_out in sorted({asked.documents for asked in questions if asked.asks_for not in ("", MAIL)}):
        rest = [asked for asked in questions if asked.documents != left_out]
        own = [
            asked
            for asked in questions
            if asked.documents == left_out and asked.asks_for not in ("", MAIL) and not asked.is_plain
        ]
        if own[0].asks_for == KIND:
            several = fit_several(rest)
            found = [asks_for_several(asked.text, several) for asked in own]
            print(f"{left_out}: {np.mean(found):.2f} of {len(own)} found")
        else:
            fields = fit_fields(rest)
            by_words = [asked.asks_for in asked_by_words(asked.text, fields) for asked in own]
            by_patterns = [asked.asks_for in asked_by_patterns(asked.text) for asked in own]
            either = np.logical_or(by_words, by_patterns)
            shares = [np.mean(each) for each in (by_patterns, by_words, either)]
            print(
                f"{left_out}: found by patterns, by words, by either of {len(own)}: "
                + ", ".join(f"{share:.2f}" for share in shares)
            )
    weights = {KIND: fit_several(questions)} | fit_fields(questions)
    for name in SUITES:
        by_type: dict[str, list[tuple[bool, bool]]] = {}
        for line in read_lines(ROOT / "tests" / "suites" / name / "queries.jsonl"):
            text = line["text"]
            judged = asks_for_several(text, weights[KIND]), bool(asked_by_words(text, weights))
            by_type.setdefault(line["type"], []).append(judged)
        for kind, found_of_type in by_type.items():
            several_share, field_share = np.mean(found_of_type, axis=0)
            print(
                f"{name}, {kind}, {len(found_of_type)}: several {several_share:.2f}, fields {field_share:.2f}"
            )
    rounded = {
        kind: {name: round(own[name], 2) for name in sorted(own) if round(own[name], 2)}
        for kind, own in weights.items()
    }
    text = json.dumps(rounded, indent=0, ensure_ascii=False)
    ROOT.joinpath("qa", "text", FILE).write_text(f"{text}\n", encoding="utf-8")
    print(*(f"{kind}: {len(own) - 1} words and pairs" for kind, own in rounded.items()), sep="\n")


def written() -> Iterator[Asked]:
    """Yield the written questions, and for a head also the thing asked for as a plain question."""
    folder = ROOT / "training" / "written"
    for line in read_lines(folder / "kinds.jsonl"):
        document = [*line["documents"], line.get("about", "")][0]
        documents = line["_id"].partition("-")[0]
        kind = {"two_places": KIND, "head": NOTES.get(line["note"], MAIL)}.get(line["type"], "")
        yield Asked(line["text"], kind or (MAIL if line["note"] == MAIL else ""), document, documents)
        plain = line["parts"][0]["asks"]
        if kind in FIELDS and plain != line["text"]:
            yield Asked(plain, kind, document, documents, is_plain=True)
    for line in read_lines(folder / "questions.jsonl"):
        yield Asked(line["text"], "", line["doc"], line["doc"].partition("-")[0])


def fit_several(questions: list[Asked]) -> dict[str, float]:
    """Return the weights of words that ask for several places."""
    asked_as_such = [asked for asked in questions if not asked.is_plain]
    return fit(asked_as_such, KIND, IN_SETS, lambda asked: asked.documents)


def fit_fields(questions: list[Asked]) -> dict[str, dict[str, float]]:
    """Return the weights of words that ask for each field of a document."""
    clear = [asked for asked in questions if asked.asks_for != MAIL]
    return {field: fit(clear, field, IN_DOCUMENTS, lambda asked: asked.document) for field in FIELDS}


def fit(questions: list[Asked], kind: str, rare: Rare, group: Callable[[Asked], str]) -> dict[str, float]:
    """Return the weights that are not 0, by name. The name "" has the intercept.

    A name counts if questions of at least `rare.documents` groups have it.
    """
    feature_sets = [features(asked.text) for asked in questions]
    held = Counter(name for own in feature_sets for name in own)
    groups: dict[str, set[str]] = {}
    for asked, own in zip(questions, feature_sets, strict=True):
        for name in own:
            groups.setdefault(name, set()).add(group(asked))
    names = sorted(
        name
        for name, count in held.items()
        if count >= rare.questions and len(groups[name]) >= rare.documents
    )
    columns = {name: at for at, name in enumerate(names)}
    rows = [sorted(columns[name] for name in own if name in columns) for own in feature_sets]
    bounds = np.cumsum([0, *map(len, rows)])
    places = [column for row in rows for column in row]
    matrix = csr_matrix((np.ones(len(places)), places, bounds), shape=(len(rows), len(names)))
    model = LogisticRegression(l1_ratio=1, solver="liblinear", C=C, random_state=0)
    model.fit(matrix, [asked.asks_for == kind for asked in questions])
    weights = {name: float(weight) for name, weight in zip(names, model.coef_[0], strict=True) if weight}
    return {"": float(model.intercept_[0]), **weights}


if __name__ == "__main__":
    main()
