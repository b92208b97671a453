"""Read questions with their evidence from the sources on which the reader is trained and validated."""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from qa.asking.conversation import interpret, parse
from qa.evaluation.suite import load
from qa.formats.reading import read_path
from qa.schema import Document, Span
from qa.text.terms import words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from qa.evaluation.schema import Query

# Fictional briefs that are kept for validation: two whole folders, and some of the conversations.
HELD_OUT = ("d3", "d8")
HELD_OUT_BRIEFS = tuple(f"d12-{number}" for number in range(13, 21))
# Articles of SQuAD 2.0 that are kept for validation, with all paragraphs.
HELD_OUT_ARTICLES = ("1973_oil_crisis", "Harvard_University", "Normans", "Yuan_dynasty")

# Suites whose questions are only for validation.
NEVER = (
    "clapnq_dev",
    "mtrag_un",
    "acl_verbatim_gold",
    "briefs_near_miss",
    "briefs_dialogue",
    "nk_brief",
    "nk_brief_heldout",
    "news",
)
# Suites whose corpus is only for validation, too. The corpora of the others have briefs for training.
NEVER_READ = tuple(name for name in NEVER if not name.startswith("briefs_"))
# Words in a run, and the least number of shared runs that shows a passage kept for validation.
RUN, LEAST_SHARED = 8, 2
# Folders with two versions of each document, `…a` and `…b`.
CONTRAST_PAIRS = ("d16", "d17")
# In each public set, the questions on one group of documents in PUBLIC_HELD_OUT are kept for validation.
# GROUPED has the mark after which a document's id has its number in the group. In other sets, a document is a
# group.
PUBLIC_HELD_OUT = 8
PUBLIC = frozenset(
    """
    cast_answerability condaqa conditionalqa_evidence contractnli_passages ester evidence_inference
    fairytaleqa medquad multihop_twins qadiscourse_wikinews qasper_dev_extractive selqa squad2_train_lower
    squad2_train_part squad_answerable_more squad_du_answerable squad_unansq_pairs squadshifts_amazon
    squadshifts_reddit squadshifts_wiki sufficient_facts_yesno tatqa_text timeqa tydiqa_en_val
    """.split()
)
GROUPED = {
    "condaqa": "-", "fairytaleqa": "-", "medquad": "-", "evidence_inference": "-",
    "sufficient_facts_yesno": "-", "squad_du_answerable": "_", "squad_unansq_pairs": "_",
    "squad2_train_part": "_", "multihop_twins": "-", "qasper_dev_extractive": "-",
}  # fmt: skip


# The briefs have no questions about their headers. So two such questions are added for each document.
HEADER_QUESTIONS = {
    "publisher": (
        "Who published this?", "Which organisation issued the brief?", "Name of the publisher?",
        "What institution is behind this report?", "Who put out this document?", "Who is it from?",
        "Which institute brought this out?", "I need the issuing body for a footnote, please.",
        "Under whose name did it appear?", "Who released the text?", "publisher",
    ),
    "number": (
        "What is the number of this brief?", "Issue number?", "Which number does the document carry?",
        "Under what reference was it issued?", "Under what number is it filed?", "brief no.?",
        "How is it numbered in its series?", "What number should I cite?",
    ),
    "date": (
        "When was this published?", "What is the date of the brief?", "Publication date?",
        "On which day did the report come out?", "When was it issued?", "How old is this text?",
        "What date should I give in the citation?", "When did it appear?", "date of issue",
    ),
    "title": (
        "What is the title of the brief?", "What is the headline?", "How is the document titled?",
        "What is it called?", "Under which heading did it appear?", "title?",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Question:
    """A question about a document.

    Attributes:
        gold: the evidence in the document. It is empty if the document does not answer.
        answer: the words in the evidence that answer, if they are known.
        group: a name that is shared by versions and parts of a document. They are never drawn as unrelated.
        twin: a similar question that the document does not answer.
        parts: evidence for parts of the question. Then only all of `gold` together answers the question.
        related: ids of further documents that may have evidence. They are never drawn as unrelated.
    """

    text: str
    document: Document
    gold: tuple[Span, ...] = ()
    answer: Span | None = None
    source: str = ""
    group: str = ""
    twin: Question | None = None
    parts: tuple[Span, ...] = ()
    related: frozenset[str] = frozenset()


def is_held_out(document_id: str, source: str = "") -> bool:
    """Return whether a document of a source is kept for validation."""
    folder = document_id.split("-")[0]
    return (
        folder in HELD_OUT
        or document_id in HELD_OUT_BRIEFS
        or document_id.startswith(HELD_OUT_ARTICLES)
        or is_public_held_out(source, document_id)
    )


def public_group(source: str, document_id: str) -> str:
    """Return the name that a public set's document shares with its versions and other parts."""
    if source == "contractnli_passages":  # cnli-PART-CONTRACT-FIRST-LAST
        return "-".join(document_id.split("-")[:3])
    mark = GROUPED.get(source)
    return (mark and document_id.rpartition(mark)[0]) or document_id


def is_public_held_out(source: str, document_id: str) -> bool:
    """Return whether a public set's document is kept for validation and for the fit of the confidence."""
    if source not in PUBLIC:
        return False
    digest = hashlib.sha256(public_group(source, document_id).encode()).hexdigest()
    return int(digest, 16) % PUBLIC_HELD_OUT == 0


class Apart:
    """Recognise passages that are kept for validation by their words, in any source.

    Public question sets have passages of each other under other names.
    """

    def __init__(self, suites: Iterable[Path]) -> None:
        self._runs: set[tuple[str, ...]] = set()
        for folder in suites:
            for document in read_path(folder / "corpus.jsonl"):
                if not isinstance(document, Document):
                    raise SystemExit(str(document))
                if folder.name in NEVER_READ or is_held_out(document.id, folder.name):
                    self._runs |= _runs(document.text)

    def without(self, questions: Sequence[Question]) -> list[Question]:
        """Return the questions on documents that are not kept for validation."""
        documents = {
            (candidate.source, candidate.document.id): candidate.document
            for question in questions
            for candidate in (question, question.twin)
            if candidate
        }
        left_out = {
            key
            for key, document in documents.items()
            if is_held_out(key[1], key[0]) or self.holds(document.text)
        }
        return [
            question
            for question in questions
            if not any(
                candidate and (candidate.source, candidate.document.id) in left_out
                for candidate in (question, question.twin)
            )
        ]

    def holds(self, text: str) -> bool:
        """Return whether a text is, or has a part of, a passage that is kept for validation."""
        return len(self._runs & _runs(text)) >= LEAST_SHARED


def _runs(text: str) -> set[tuple[str, ...]]:
    every = words(text)
    return {tuple(every[i : i + RUN]) for i in range(len(every) - RUN + 1)}


def briefs(folder: Path, written: Path | None = None) -> Iterator[Question]:
    """Yield the questions of all folders of fictional briefs, and of the folder `written`.

    A follow-up comes twice: in its complete wording, and as the product reads it. The questions in `written`
    are about the briefs and about the documents in `written`.
    """
    domains = sorted(folder.glob("d*"), key=lambda path: int(path.name[1:]))
    all_documents: dict[str, Document] = {}
    for domain in [*domains, *filter(None, [written])]:
        documents = {d.id: d for d in read_path(domain / "briefs.jsonl") if isinstance(d, Document)}
        all_documents |= documents
        for line in (domain / "questions.jsonl").open(encoding="utf-8"):
            entry = json.loads(line)
            document = all_documents[entry["doc"]]
            gold = found(document, entry["gold_sentences"])
            understood = interpret(*parse(entry["text"], entry.get("history", ()))).question.text
            for text in dict.fromkeys((entry.get("complete") or entry["text"], understood)):
                yield Question(
                    text,
                    document,
                    gold,
                    _answer(document, gold, [entry["answer"]]),
                    domain.name,
                    _group(document),
                )
        yield from about_headers(documents.values())


def written_documents(folder: Path, written: Path) -> dict[str, Document]:
    """Read the fictional briefs and the written documents, by id."""
    files = [*folder.glob("d*/briefs.jsonl"), *written.glob("*briefs.jsonl")]
    return {d.id: d for file in files for d in read_path(file) if isinstance(d, Document)}


def kinds(folder: Path, written: Path) -> Iterator[Question]:
    """Yield the written questions on two places, heads and rows (`kinds.jsonl`).

    Each part of a question is asked by itself. A question of several parts is also asked of each document
    that has evidence for a part. It is answered only if one document has all parts.
    """
    documents = written_documents(folder, written)
    for line in (written / "kinds.jsonl").open(encoding="utf-8"):
        entry = json.loads(line)
        parts = entry["parts"]
        related = frozenset([*entry.get("group", ()), *entry["documents"]])
        gold: dict[str, list[Span]] = defaultdict(list)
        for part in parts:
            document = documents[part["document"] or entry.get("about") or entry["group"][0]]
            spans = found(document, part["gold_sentences"])
            gold[document.id] += spans[:1]
            made = Question(
                part["asks"],
                document,
                spans,
                _answer(document, spans, [part["answer"]]),
                f"{written.name}_{entry['type']}",
                _group(document),
                related=related,
            )
            yield made
            if len(parts) == 1 and entry["text"] != part["asks"]:
                yield replace(made, text=entry["text"])
        for id_, evidence in gold.items() if len(parts) > 1 else ():
            whole = tuple(evidence) if len(gold) == 1 and entry["answerable"] else ()
            yield replace(
                made, text=entry["text"], document=documents[id_], gold=whole, answer=None,
                group=_group(documents[id_]), parts=tuple(evidence),
            )  # fmt: skip


def about_headers(documents: Iterable[Document]) -> Iterator[Question]:
    """Yield two questions about the header of each document."""
    for document in documents:
        rng = random.Random(document.id)
        spans_by_field = header_lines(document)
        for field in rng.sample(sorted(spans_by_field), min(2, len(spans_by_field))):
            text = rng.choice(HEADER_QUESTIONS[field])
            yield Question(text, document, tuple(spans_by_field[field]), None, "headers", _group(document))


def _group(document: Document) -> str:
    """Return a name that a brief shares with its other version, if there is one."""
    return document.id.rstrip("ab") if document.id.startswith(CONTRAST_PAIRS) else document.id


def header_lines(document: Document) -> dict[str, list[Span]]:
    """Return the header lines of each field that HEADER_QUESTIONS ask for."""
    stated = {
        "publisher": document.publisher,
        "number": document.number,
        "date": str(document.date.year) if document.date else "",
        "title": document.title,
    }
    return {
        field: lines
        for field, value in stated.items()
        if value and (lines := [s for s in document.header if value in document.text[s.start : s.end]])
    }


def suite(folder: Path) -> Iterator[Question]:
    """Read a suite in the layout that `pullquote evaluate` takes, with its corpus.

    An unanswerable question is about the document that its line names as `near_miss_doc` or `document`.
    """
    if folder.name in NEVER:
        raise SystemExit(f"{folder.name} is for validation only: it is never trained on.")
    read = load(folder)
    if read.corpus is None:
        raise SystemExit(
            f"{folder} has no corpus.jsonl: a reader is trained on questions with their documents."
        )
    documents = {d.id: d for d in read_path(read.corpus) if isinstance(d, Document)}
    entries = {
        entry["_id"]: entry for entry in map(json.loads, (folder / "queries.jsonl").open(encoding="utf-8"))
    }
    made: dict[str, list[Question]] = {}
    whole = {query.id: query for query in read.queries}
    for query in read.queries:
        entry = entries[query.id]
        ids = [id_ for id_, grade in read.qrels.get(query.id, {}).items() if grade > 0]
        near = entry.get("near_miss_doc") or entry.get("document") or ()
        for document_id in ids or ([near] if isinstance(near, str) else near):
            document = documents[document_id]
            gold = found(document, query.gold) if query.answerable else ()
            if gold or query.answerable is False:
                question = Question(
                    interpret(*parse(query.text, query.history)).question.text,
                    document,
                    gold,
                    _answer(document, gold, query.answers),
                    folder.name,
                    public_group(folder.name, document.id),
                    parts=parts(folder.name, query, whole.get(entry.get("twin", "")), document),
                )
                made.setdefault(query.id, []).append(question)
    yield from with_twins(made, {id_: entry["twin"] for id_, entry in entries.items() if entry.get("twin")})


def parts(source: str, query: Query, twin: Query | None, document: Document) -> tuple[Span, ...]:
    """Return the evidence for parts of a question of `multihop_twins`, or of its answerable twin."""
    if source != "multihop_twins":
        return ()
    return found(document, query.gold or (twin.gold if twin else ()))


def with_twins(questions: Mapping[str, Sequence[Question]], twin_of: Mapping[str, str]) -> Iterator[Question]:
    """Yield the questions. An unanswerable question is not yielded if it becomes the twin of another."""
    given: set[str] = set()
    twins: dict[str, Question] = {}
    for one, other in twin_of.items():
        for answered, unanswered in ((one, other), (other, one)):
            if answered in twins or unanswered in given or not {answered, unanswered} <= questions.keys():
                continue
            if questions[answered][0].parts:  # the twin's windows may have evidence for parts
                continue
            if questions[answered][0].gold and not questions[unanswered][0].gold:
                twins[answered] = questions[unanswered][0]
                given.add(unanswered)
    for id_, asked in questions.items():
        if id_ not in given:
            yield from (replace(question, twin=twins.get(id_)) for question in asked)


def passages_file(path: Path) -> Iterator[Question]:
    """Read lines of JSON: `question`, `text`, `title`, `group`, `gold` (offsets), `answerable`, `span`.

    `span` is true if gold has the words of the answer instead of whole sentences.
    """
    numbers: dict[str, int] = defaultdict(int)
    documents: dict[str, Document] = {}
    for line in path.open(encoding="utf-8"):
        entry = json.loads(line)
        if is_held_out(entry["group"].replace(" ", "_")):
            continue
        text = entry["text"]
        if text not in documents:
            numbers[entry["group"]] += 1
            number = numbers[entry["group"]]
            name = f"{path.stem}-{entry['group']}-{number}"
            documents[text] = Document(name, text, title=entry.get("title", ""))
        gold = tuple(Span(start, end) for start, end in entry["gold"])
        if bool(gold) is not entry["answerable"]:
            continue
        answer = gold[0] if gold and entry.get("span") else None
        yield Question(entry["question"], documents[text], gold, answer, path.stem, documents[text].id)


def found(document: Document, sentences: Iterable[str]) -> tuple[Span, ...]:
    """Return the spans of the sentences in the document. Sentences that it does not contain are left out."""
    starts = ((document.text.find(sentence), len(sentence)) for sentence in sentences)
    return tuple(Span(start, start + length) for start, length in starts if start >= 0)


def _answer(document: Document, gold: Iterable[Span], answers: Iterable[str]) -> Span | None:
    """Return the span of the first of the answers that the evidence contains, or None."""
    for answer in filter(None, answers):
        for span in gold:
            match = re.search(rf"(?<!\w){re.escape(answer)}(?!\w)", document.text[span.start : span.end])
            if match:
                return Span(span.start + match.start(), span.start + match.end())
    return None
