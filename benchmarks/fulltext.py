"""Compare ways to search the full text of many passages: their times, and what they find.

usage: python -m benchmarks.fulltext build   FOLDER N {fts5,tantivy,postings}
       python -m benchmarks.fulltext search  FOLDER N [--questions 40] [--kinds KIND ...]
       python -m benchmarks.fulltext open    FOLDER N
       python -m benchmarks.fulltext crash   FOLDER N [--times 20]

FOLDER/N is a library of `benchmarks.synthetic`. The benchmark needs `pip install tantivy`.

- `build` makes an index of the library's passages (head and body) next to the library. The postings are made
in
  the library.
- `search` asks all ways for the same words, with and without filters.
- `open` starts a new process for each way.
- `crash` kills tantivy while it commits.

All ways use BM25 with k1 = 1.2 and b = .75. The head counts half.

- Source.bm25: the search of the product.
- joined: FTS5, with every match looked up in `passages` and `documents` and sorted there.
- late: FTS5 ranks by itself. Only the results are looked up.
- budget: as late, but without the most frequent words of the question, until at most BUDGET matches are
expected.
  The two rarest words stay.
- tantivy: an index like Lucene's (Block-Max WAND), with English Snowball stems. Head and body are scored
apart.
- postings: the product's postings (`full_text.py`), with FTS5's scores. Here they are used for small
libraries, too.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import resource
import shutil
import sqlite3
import subprocess
import sys
import time
from collections import defaultdict
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import qa.storage.file_index.full_text
from benchmarks import machine
from qa.schema import EVERYTHING, Filters
from qa.storage.file_index.fts5 import BM25_BODY_WEIGHT, BM25_HEAD_WEIGHT
from qa.storage.file_index.full_text import FullText
from qa.storage.file_index.source import Source
from qa.storage.records.store import Store
from qa.storage.sqlite.database import SqliteDatabase
from qa.storage.sqlite.stems import Stemmer
from qa.text.terms import content_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Found = list[tuple[int, float]]
    Search = Callable[[Sequence[str], int, "Filters"], Found]

BUDGET = 12_000
DEPTH = 100
JUDGED = 20
WRITER_BYTES = 256 * 1024 * 1024
FILTERS = {
    "no filter": EVERYTHING,
    "half": Filters(language="fr"),
    "1 %": Filters(collection="c7"),
}
KINDS = ("question", "one word", "follow-up with history")
TOKENIZE = "porter unicode61 remove_diacritics 2"
_JOINED = (
    "SELECT key, bm25(words, ?, ?) AS cost FROM words JOIN passages ON key = words.rowid "
    "JOIN documents ON documents.serial = document "
    "WHERE words MATCH ? {} ORDER BY cost, id, ordinal LIMIT ?"
)
_LATE = "SELECT rowid, rank FROM words WHERE words MATCH ? AND rank MATCH ? ORDER BY rank"
_RANK = f"bm25({BM25_HEAD_WEIGHT}, {BM25_BODY_WEIGHT})"


def main() -> None:
    """Run one step."""
    parser = argparse.ArgumentParser()
    parser.add_argument("step", choices=("build", "search", "open", "crash", "first"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("passages", type=int)
    parser.add_argument("way", nargs="?", choices=("fts5", "tantivy", "postings"))
    parser.add_argument("--questions", type=int, default=40)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--times", type=int, default=20)
    arguments = parser.parse_args()
    library = arguments.folder / str(arguments.passages)
    match arguments.step:
        case "build":
            build(library, arguments.way)
        case "search":
            search(library, arguments.kinds, arguments.questions)
        case "open":
            print(machine.line())
            for way in ("fts5", "tantivy", "postings"):
                command = [sys.executable, "-m", "benchmarks.fulltext", "first", arguments.folder]
                subprocess.run([*command, str(arguments.passages), way], check=True)
        case "first":
            first(library, arguments.way)
        case "crash":
            crash(library, arguments.times)


# Building


def index_path(library: Path, way: str) -> Path:
    """Return the path of an index, next to its library."""
    return library.with_name(f"{library.name}-{way}")


def build(library: Path, way: str) -> None:
    """Index the passages of a library, and print time, size and memory."""
    path = index_path(library, way)
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir()
    started = time.perf_counter()
    {"fts5": build_fts5, "tantivy": build_tantivy, "postings": build_postings}[way](library, path)
    took = time.perf_counter() - started
    files = [*path.iterdir(), *(library.glob("*.bin") if way == "postings" else ())]
    size = sum(file.stat().st_size for file in files)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{library.name} {way}: built in {took:.0f} s, {size / 1e6:.0f} MB, at most {memory:.0f} MiB resident"
    )


def rows(library: Path) -> Iterator[tuple[int, str, str, str, str]]:
    """Yield the passages: key, head, body, collection, language."""
    db = connect(library)
    documents = db.execute("SELECT serial, head, text, collection, language FROM documents ORDER BY serial")
    for serial, head, text, collection, language in documents:
        its = db.execute("SELECT key, start, end FROM passages WHERE document = ?", (serial,))
        for key, start, end in its:
            yield key, head, text[start:end], collection, language


def connect(library: Path) -> sqlite3.Connection:
    """Return a connection that reads a library's file."""
    return sqlite3.connect(f"file:{library / 'library.sqlite3'}?mode=ro", uri=True)


def build_fts5(library: Path, path: Path) -> None:
    """Index with FTS5 in a separate file, with the tokeniser of the product."""
    with sqlite3.connect(path / "words.sqlite3") as db:
        db.execute(f"CREATE VIRTUAL TABLE words USING fts5 (head, body, content='', tokenize='{TOKENIZE}')")
        db.executemany(
            "INSERT INTO words (rowid, head, body) VALUES (?, ?, ?)", (row[:3] for row in rows(library))
        )


def tantivy_index(path: Path) -> Any:
    """Return the tantivy index at a path. Make it if it does not exist."""
    import tantivy

    schema = tantivy.SchemaBuilder()
    for name in ("head", "body"):
        schema.add_text_field(name, tokenizer_name="english", index_option="freq")
    for name in ("collection", "language"):
        schema.add_text_field(name, tokenizer_name="raw", index_option="basic")
    schema.add_unsigned_field("key", indexed=True, fast=True)
    index = tantivy.Index(schema.build(), path=str(path))
    filters = tantivy.Filter.lowercase(), tantivy.Filter.ascii_fold(), tantivy.Filter.stemmer("English")
    analyzer = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    for token_filter in filters:
        analyzer = analyzer.filter(token_filter)
    index.register_tokenizer("english", analyzer.build())
    return index


def tantivy_document(key: int, head: str, body: str, collection: str, language: str) -> Any:
    """Return a passage as a document of tantivy."""
    import tantivy

    document = tantivy.Document()
    document.add_unsigned("key", key)
    for name, text in (("head", head), ("body", body), ("collection", collection), ("language", language)):
        document.add_text(name, text)
    return document


def build_tantivy(library: Path, path: Path) -> None:
    """Index with tantivy in one commit, and wait until tantivy has merged its segments."""
    index = tantivy_index(path)
    writer = index.writer(WRITER_BYTES)
    for row in rows(library):
        writer.add_document(tantivy_document(*row))
    writer.commit()
    writer.wait_merging_threads()


def build_postings(library: Path, _: Path) -> None:
    """Make the product's postings in the library itself."""
    qa.storage.file_index.full_text.FTS5_UP_TO = 0
    with closing(SqliteDatabase(library)) as database, closing(FullText(Source(database))) as full_text:
        full_text.save()


# Searching


def quoted(words: Sequence[str]) -> str:
    """Return an FTS5 query for any of the words."""
    return " OR ".join('"' + word.replace('"', '""') + '"' for word in dict.fromkeys(words))


class Allowed:
    """The passages that a filter leaves, as a boolean for each key."""

    def __init__(self, db: sqlite3.Connection) -> None:
        last = db.execute("SELECT max(key) FROM passages").fetchone()[0]
        self._held: dict[str | tuple[str, ...], np.ndarray] = {}
        for name, value in (("language", "fr"), ("collection", "c7")):
            bits = np.zeros(last + 1, bool)
            query = f"SELECT first_key, passages FROM documents WHERE {name} = ?"  # noqa: S608 -- two names above
            for key, count in db.execute(query, (value,)):
                bits[key : key + count] = True
            self._held[value] = bits

    def __call__(self, filters: Filters) -> np.ndarray | None:
        """Return a boolean for each key, or None if there is no filter."""
        return (
            self._held[filters.language if filters.language == "fr" else filters.collection]
            if filters
            else None
        )


class Fts5:
    """A search by SQL in the full-text index of a library."""

    def __init__(self, library: Path) -> None:
        self._db = connect(library)
        self._db.create_function("casefold", 1, str.casefold, deterministic=True)
        self.allowed = Allowed(self._db)
        self._stemmer = Stemmer()
        db = sqlite3.connect(library / "library.sqlite3")
        db.execute("CREATE VIRTUAL TABLE temp.vocabulary USING fts5vocab (main, words, row)")
        self._frequency = dict(db.execute("SELECT term, doc FROM vocabulary"))
        db.close()

    def joined(self, words: Sequence[str], k: int, filters: Filters) -> Found:
        """Search with a look-up of every match."""
        where, values = "", []
        for name in ("language", "collection"):
            if (value := getattr(filters, name)) and filters:
                where, values = f"AND casefold({name}) = ?", [value]
        rows = self._db.execute(
            _JOINED.format(where), (BM25_HEAD_WEIGHT, BM25_BODY_WEIGHT, quoted(words), *values, k)
        )
        return [(key, -cost) for key, cost in rows]

    def late(self, words: Sequence[str], k: int, filters: Filters) -> Found:
        """Search by FTS5's rank, and read results until enough passages pass the filter."""
        allowed = self.allowed(filters)
        cursor = self._db.execute(_LATE, (quoted(words), _RANK))
        if allowed is None:
            return [(key, -cost) for key, cost in cursor.fetchmany(k)]
        hits: Found = []
        for key, cost in cursor:
            if allowed[key]:
                hits.append((key, -cost))
                if len(hits) == k:
                    break
        return hits

    def kept(self, words: Sequence[str]) -> list[str]:
        """Return the rarest words that should match at most `BUDGET` passages, but at least two words."""
        by_frequency = sorted(
            (sum(self._frequency.get(stem.decode(), 0) for stem in stems), word)
            for word, stems in zip(words, self._stemmer.stems(words), strict=True)
        )
        total = 0
        kept: list[str] = []
        for frequency, word in by_frequency:
            total += frequency
            if len(kept) >= 2 and total > BUDGET:
                break
            kept.append(word)
        return kept

    def budget(self, words: Sequence[str], k: int, filters: Filters) -> Found:
        """Search for the rarest words only."""
        return self.late(self.kept(words), k, filters)


class Tantivy:
    """A search in a tantivy index."""

    def __init__(self, path: Path) -> None:
        import tantivy

        self._tantivy = tantivy
        self._index = tantivy_index(path)
        self._index.reload()
        self._searcher = self._index.searcher()

    def __call__(self, words: Sequence[str], k: int, filters: Filters) -> Found:
        """Search."""
        t = self._tantivy
        query = self._index.parse_query(" ".join(words), ["body", "head"], field_boosts={"head": 0.5})
        for name in ("language", "collection"):
            if filters and (value := getattr(filters, name)):
                term = t.Query.const_score_query(t.Query.term_query(self._index.schema, name, value), 0.0)
                query = t.Query.boolean_query([(t.Occur.Must, query), (t.Occur.Must, term)])
        hits = self._searcher.search(query, k, count=False).hits
        keys = self._searcher.fast_field_values("key", [address for _, address in hits])
        return [(int(key), score) for key, (score, _) in zip(keys, hits, strict=True)]

    @property
    def count(self) -> int:
        """Return how many passages are in the index."""
        return int(self._searcher.num_docs)


class Postings:
    """The product's search in its file of postings, without FTS5."""

    def __init__(self, library: Path) -> None:
        database = SqliteDatabase(library)
        store = Store(database)
        self._selections = {filters: store.select(filters) for filters in FILTERS.values()}
        self._full_text = FullText(Source(database))

    def __call__(self, words: Sequence[str], k: int, filters: Filters) -> Found:
        """Search."""
        return self._full_text.search([words], k, self._selections[filters])[0]


def questions(library: Path, count: int) -> dict[str, list[tuple[list[str], frozenset[str]]]]:
    """Return the words of questions by kind, each with the documents that contain the answer."""
    lines = [json.loads(line) for line in library.with_name("questions.jsonl").open(encoding="utf-8")]
    draw = random.Random(1)
    draw.shuffle(lines)
    held = {row[0] for row in connect(library).execute("SELECT id FROM documents")}
    kinds: dict[str, list[tuple[list[str], frozenset[str]]]] = defaultdict(list)
    for line in lines:
        gold = frozenset(line["gold"]) & held
        words = [content_words(text) for text, _ in line["variants"]]
        if gold and len(words) == 1:
            kinds["question"].append((words[0], gold))
            kinds["one word"].append(([draw.choice(words[0])], frozenset()))
        if len(words) == 3:
            kinds["follow-up with history"].append((words[2], frozenset()))
    return {kind: its[:count] for kind, its in kinds.items()}


def search(library: Path, kinds: Sequence[str], count: int) -> None:
    """Print time, overlap and gold of each way, by kind of question and filter."""
    database = SqliteDatabase(library)
    store, source = Store(database), Source(database)
    fts5 = Fts5(library)
    ways: dict[str, Search] = {
        "joined": fts5.joined,
        "late": fts5.late,
        "budget": fts5.budget,
    }
    if index_path(library, "tantivy").exists():
        ways["tantivy"] = Tantivy(index_path(library, "tantivy"))
    if source.words_record().file:
        ways["postings"] = Postings(library)
    print(machine.line())
    print(f"{library.name} passages; milliseconds; of the first {JUDGED}, the share that exact BM25 has too")
    print("(its ties count); gold: questions with a document that answers among the first 20 passages\n")
    print("| passages | words | filter | way | p50 | p95 | overlap | gold |\n|--|--|--|--|--|--|--|--|")
    for kind in kinds:
        its = questions(library, count).get(kind, [])
        for name, filters in FILTERS.items():
            times, shares, gold = defaultdict(list), defaultdict(list), defaultdict(list)
            for words, documents in its:
                exact = dict(fts5.late(words, 5000, filters))
                least = sorted(exact.values(), reverse=True)[:JUDGED][-1] if exact else 0.0
                for way in ["Source.bm25", *ways]:
                    started = time.perf_counter()
                    if way == "Source.bm25":
                        hits = source.bm25(words, DEPTH, filters)
                    else:
                        hits = ways[way](words, DEPTH, filters)
                    times[way].append(1000 * (time.perf_counter() - started))
                    keys = [key for key, _ in hits[:JUDGED]]
                    if exact:
                        wanted = min(JUDGED, len(exact))
                        shares[way].append(sum(exact.get(key, 0) >= least - 1e-6 for key in keys) / wanted)
                    if documents and not filters:
                        gold[way].append(
                            bool(documents & {hit.document_id for hit in store.hits(keys).values()})
                        )
            for way, milliseconds in times.items():
                p50, p95 = np.quantile(milliseconds, [0.5, 0.95])
                overlap = np.mean(shares[way]) if shares[way] else 1.0
                answered = f"{np.mean(gold[way]):.3f}" if gold[way] else ""
                row = f"{kind} | {name} | {way} | {p50:.1f} | {p95:.1f} | {overlap:.3f} | {answered}"
                print(f"| {library.name} | {row} |", flush=True)
    store.close()


# A new process


def first(library: Path, way: str) -> None:
    """Print the times to open and to search first, and the memory after all questions."""
    words = ["normandy", "century", "country"]
    base = resident()
    started = time.perf_counter()
    if way == "fts5":
        db = connect(library)
        search: Search = lambda words, k, _: db.execute(_LATE, (quoted(words), _RANK)).fetchmany(k)  # noqa: E731
    elif way == "tantivy":
        search = Tantivy(index_path(library, "tantivy"))
    else:
        search = Postings(library)
    opened = time.perf_counter()
    search(words, DEPTH, EVERYTHING)
    done = time.perf_counter()
    asked = [words for its in questions(library, 20).values() for words, _ in its]
    for question_words in asked:
        search(question_words, DEPTH, EVERYTHING)
    after = resident()
    print(
        f"{library.name} {way}: opened in {1000 * (opened - started):.0f} ms, first search "
        f"{1000 * (done - opened):.0f} ms; MiB resident (anonymous) {base[0]:.0f} ({base[1]:.0f}) before, "
        f"{after[0]:.0f} ({after[1]:.0f}) after {len(asked)} questions"
    )


def resident() -> tuple[float, float]:
    """Return the resident memory of this process in MiB: all, and the anonymous memory."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    kib = {name: int(number) for name, number in re.findall(r"^(\w+):\s+(\d+)", status, re.MULTILINE)}
    return kib["VmRSS"] / 1024, kib["RssAnon"] / 1024


# Kills

_WRITER = """
import sys
from pathlib import Path
from benchmarks.fulltext import tantivy_document, tantivy_index
index = tantivy_index(Path(sys.argv[1]))
writer = index.writer(64 * 1024 * 1024)
held = index.searcher().num_docs
print(held, flush=True)
while True:
    for key in range(held, held + 200):
        writer.add_document(tantivy_document(key, "head", f"body number {key}", "c", "en"))
    writer.commit()
    held += 200
    print(held, flush=True)
"""


def crash(library: Path, times: int) -> None:
    """Kill a writer of 200 passages a commit at random moments, and check that all commits are there."""
    path = index_path(library, "killed")
    shutil.rmtree(path, ignore_errors=True)
    shutil.copytree(index_path(library, "tantivy"), path)
    draw = random.Random(2)
    whole, before = 0, Tantivy(path).count
    for _ in range(times):
        writer = subprocess.Popen([sys.executable, "-c", _WRITER, path], stdout=subprocess.PIPE, text=True)
        time.sleep(draw.uniform(0.3, 1))
        writer.kill()
        printed, _ = writer.communicate()
        acknowledged = max([before, *map(int, printed.split())])
        held = Tantivy(path).count
        whole += acknowledged <= held <= acknowledged + 200 and (held - before) % 200 == 0
        before = held
        print(f"acknowledged {acknowledged}, holds {held}, {len(list(path.iterdir()))} files")
    print(f"{whole} of {times} kills left the last commit, whole")
    shutil.rmtree(path)


if __name__ == "__main__":
    main()
