"""Finds the best passages for words by BM25, also in a large library.

SQLite's FTS5 is the record of all words. FTS5 itself answers in a library of up to `FTS5_UP_TO` passages. It
scores one match after the other, which takes 0.2 s for a question to a million passages. So the postings of a
larger library are also stored in derived files. From these files numpy adds up the same scores, bit for bit,
in milliseconds (docs/decisions/0002-storage.md). If the files are missing or damaged, FTS5 still answers.

`words-<generation>.bin` mirrors the store at that generation. A row in the store names the active file. Most
postings lie in a second file, the base, `postings-<hash>.bin`. The base is memory-mapped and never changed.
The first file has the passages that were added since, in segments, each larger than the next. It also has the
keys of the passages that were removed since, which a search skips.
"""

from __future__ import annotations

import json
import logging
import math
import re
import shutil
import sqlite3
import tempfile
import threading
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from embeddings.files import DamagedFileError, KnownFile, read_sealed, write_sealed
from qa.errors import LibraryError
from qa.storage.file_index.postings import Segment, build_of_texts
from qa.storage.file_index.vector_index import remove_others, sweep
from qa.storage.sqlite.stems import Stemmer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path
    from typing import BinaryIO

    from embeddings.arrays import Bits, Bool, Int64
    from qa.storage.file_index.source import Difference, IndexRecord, Source
    from qa.storage.intake_values import Encoding
    from qa.storage.results import Selection

    Float64 = npt.NDArray[np.float64]
    Found = list[tuple[int, float]]
    # For a word and a segment: the places of the passages with the word, and its share of their scores.
    Impacts = tuple[npt.NDArray[np.uint32], Float64]

WORDS = ("words-*.bin", "postings-*.bin")  # the files of a library
log = logging.getLogger(__name__)
# Maximum number of passages that FTS5 alone searches. It takes some 10 ms (docs/performance.md).
FTS5_UP_TO = 50_000
# The base is made again if the passages that were added, or removed, since exceed this share of the base.
ADDED_SHARE, GONE_SHARE = 0.1, 0.2
# Maximum number of new passages that a question waits for while they are added to the postings. If there are
# more, FTS5 answers until they are saved.
MOST_FOLLOWED = 2_000
# The constants of FTS5: https://www.sqlite.org/fts5.html#the_bm25_function
_K1, _B, _LEAST_IDF = 1.2, 0.75, 1e-6

_MARK = b"pullquote postings 1\n"
_FILE = re.compile(r"words-(\d+)\.bin")
# The exceptions that occur when postings are made from malformed bytes.
_NO_POSTINGS = (ValueError, TypeError, LookupError, ArithmeticError, RecursionError)
# Number of passages whose texts are in memory at once.
_BLOCK = 2_000
# Number of rows in which scores are arranged: at first only the highest score of each column is sorted.
_ROWS = 64


class _Part:
    """A segment with a mask of its passages that still exist: `live`, bool [n], or None if all exist."""

    def __init__(self, segment: Segment, gone: Int64) -> None:
        self.segment = segment
        live = np.ones(len(segment), np.bool_)
        live[segment.places(gone)] = False
        self.live: Bool | None = None if live.all() else live
        self.passages = int(np.count_nonzero(live))
        self.tokens = int(segment.lengths.sum(where=live, dtype=np.int64))

    def mask(self, allowed: Bits | None) -> Bool | None:
        """Return for each passage whether it may be found, bool [n], or None if all may be found."""
        if allowed is None:
            return self.live
        beyond = allowed.last + 1  # damaged keys in the file do not make the mask longer
        mask = allowed.mask(beyond + 1).take(np.minimum(self.segment.keys, beyond))
        return mask if self.live is None else mask & self.live


@dataclass(frozen=True, eq=False)
class Postings:
    """The postings of a store's passages. They are immutable, and any thread may search them.

    Attributes:
        generation: the generation of the store that the postings mirror.
        file: the file of the first segment, the base.
        segments: the base, and the segments that were added since.
        gone: the keys in the segments that were removed since, ascending.
    """

    generation: int
    file: KnownFile
    segments: tuple[Segment, ...]
    gone: Int64

    @property
    def keys(self) -> Int64:
        """The keys of the passages that can be found, int64 [n], ascending."""
        return np.setdiff1d(np.concatenate([segment.keys for segment in self.segments]), self.gone)

    @property
    def last(self) -> int:
        """The greatest key in a segment."""
        return max(int(segment.keys.max(initial=-1)) for segment in self.segments)

    @property
    def wants_compacting(self) -> bool:
        """Whether so much has changed since the base was made that it should be made again."""
        base, *others = map(len, self.segments)
        return sum(others) > ADDED_SHARE * base or len(self.gone) > GONE_SHARE * base

    def followed(self, difference: Difference, store: Source) -> Postings:
        """Return the postings of a later generation, from the difference to it."""
        segments, more = list(self.segments), difference.missing
        while more.size and len(segments) > 1 and len(segments[-1]) <= len(more):
            more = np.concatenate([segments.pop().keys, more])
        gone = np.union1d(self.gone, difference.stale)
        more = np.setdiff1d(more, gone)
        if more.size:
            blocks = np.split(more, range(_BLOCK, len(more), _BLOCK))
            segments.append(build_of_texts(chain.from_iterable(map(store.texts_of, blocks))))
        held = [segment.keys[segment.places(gone)] for segment in segments]
        return Postings(difference.generation, self.file, tuple(segments), np.sort(np.concatenate(held)))

    # Search

    @cached_property
    def _parts(self) -> list[_Part]:
        return [_Part(segment, self.gone) for segment in self.segments if len(segment)]

    @cached_property
    def _passages(self) -> int:
        return sum(part.passages for part in self._parts)

    @cached_property
    def _norms(self) -> list[Float64]:
        """The addend of each passage's length in the denominator of BM25."""
        mean = sum(part.tokens for part in self._parts) / max(1, self._passages) or 1.0
        # Here and in `_impacts`, operations are in FTS5's own order, for the same rounding.
        lengths = [part.segment.lengths.astype(np.float64) for part in self._parts]
        return [_K1 * ((1 - _B) + _B * part_lengths / mean) for part_lengths in lengths]

    def search(
        self, queries: Iterable[Sequence[bytes]], k: int, allowed: Bits | None
    ) -> list[tuple[Int64, Float64]]:
        """Find the best k passages for any of the stems of each query: keys int64 [m], and falling scores.

        A stem that occurs twice in a query counts twice. The result also has all passages with the score of
        the k-th passage.
        """
        masks = [part.mask(allowed) for part in self._parts]
        impacts_by_stem: dict[bytes, list[Impacts]] = {}
        results = []
        for query in queries:
            for stem in query:
                if stem not in impacts_by_stem:
                    impacts_by_stem[stem] = self._impacts(stem)
            best_keys, scores = [np.empty(0, np.int64)], [np.empty(0)]
            for at, (part, mask) in enumerate(zip(self._parts, masks, strict=True)):
                sums = np.zeros(-(-len(part.segment) // _ROWS) * _ROWS)
                for stem in query:
                    places, impacts = impacts_by_stem[stem][at]
                    sums[places] += impacts
                if mask is not None:
                    sums[: len(mask)] *= mask
                best = _highest(sums, k)
                best_keys.append(part.segment.keys[best])
                scores.append(sums[best])
            keys, all_scores = np.concatenate(best_keys), np.concatenate(scores)
            best = np.argsort(-all_scores, kind="stable")
            least = all_scores[best[k - 1]] if k <= len(best) else 0.0
            best = best[all_scores[best] >= least]
            results.append((keys[best], all_scores[best]))
        return results

    def _impacts(self, stem: bytes) -> list[Impacts]:
        """Return the BM25 of a stem in each passage that has it, for each part."""
        held = [part.segment.find(stem) for part in self._parts]
        holding = sum(
            len(places) if part.live is None else int(np.count_nonzero(part.live[places]))
            for part, (places, _) in zip(self._parts, held, strict=True)
        )
        idf = math.log((self._passages - holding + 0.5) / (holding + 0.5))
        if idf <= 0:
            idf = _LEAST_IDF
        impacts = []
        for (places, weights), norms in zip(held, self._norms, strict=True):
            frequency = np.multiply(weights, 0.5, dtype=np.float64)
            denominator = norms.take(places)
            denominator += frequency
            frequency *= _K1 + 1
            frequency /= denominator
            frequency *= idf
            impacts.append((places, frequency))
        return impacts

    # Files

    def save(self, folder: Path) -> str:
        """Write all segments but the base, which has its own file. Return the name of the written file.

        Raises:
            OSError: the file cannot be written.
        """
        others = [(segment.structure, segment.postings) for segment in self.segments[1:]]
        sizes = [len(structure) + len(postings) for structure, postings in others]
        described = {"base": asdict(self.file), "gone": len(self.gone), "segments": sizes}
        line = json.dumps(described).encode() + b"\n"
        name = f"words-{self.generation}.bin"
        content = [part for structure, postings in others for part in (structure, postings.tobytes())]
        write_sealed(folder / name, _MARK, line, self.gone.tobytes(), *content)
        return name

    @classmethod
    def open(cls, folder: Path, name: str, generation: int, *, thorough: bool = False) -> Postings:
        """Open a file that `save` wrote. If `thorough`, read all of the base and compare its hash.

        Raises:
            DamagedFileError: the file or its base is missing, unreadable, cut, damaged or of another kind.
        """
        _, content = read_sealed(folder / name, _MARK)
        try:
            end = content.tobytes().index(b"\n") + 1
            described = json.loads(content[:end].tobytes())
            file = KnownFile(**described["base"])
            base = Segment.of_bytes(file.mapped(folder, thorough=thorough))
            sizes = [8 * described["gone"], *described["segments"]]
            if min(sizes) < 0 or sum(sizes) != len(content) - end:
                raise ValueError("its lengths are wrong")
            gone, *others = np.split(content[end:], np.cumsum(sizes)[:-1])
            # Copies are aligned, so that numbers are read fast.
            segments = [Segment.of_bytes(other.copy()) for other in others]
            return cls(generation, file, (base, *segments), gone.copy().view("<i8"))
        except _NO_POSTINGS as error:
            raise DamagedFileError(f"{folder / name} is damaged: {error}") from error

    @classmethod
    def of(cls, store: Source) -> Postings:
        """Make the base again from all of the store's passages, and write it.

        It takes a minute for a million passages.

        Raises:
            OSError: the base cannot be written.
            DamagedFileError: the written base cannot be opened.
        """
        with tempfile.TemporaryFile(dir=store.folder) as postings:
            generation, segment = store.write_postings(postings)
            structure = segment.structure

            def write(out: BinaryIO) -> int:
                out.write(structure)
                postings.seek(0)
                shutil.copyfileobj(postings, out, 1 << 20)
                return len(structure)

            file = KnownFile.written(store.folder, "postings", ".bin", write)
        base = Segment.of_bytes(file.mapped(store.folder))
        return cls(generation, file, (base,), np.empty(0, np.int64))


def _highest(sums: Float64, k: int) -> Int64:
    """Return the indexes of the k highest sums above 0, and of all sums equal to the k-th, in any order.

    The k-th highest of the columns' maxima is not higher than the k-th highest of all sums.
    """
    maxima = sums.reshape(_ROWS, -1).max(axis=0)
    least = np.partition(maxima, -k)[-k] if k < len(maxima) else 0.0
    above = np.flatnonzero(sums >= least if least > 0 else sums > 0)
    if k < len(above):
        values = sums[above]
        above = above[values >= np.partition(values, -k)[-k]]
    return above


def suffices_fts5(passages: int) -> bool:
    """Return whether SQLite itself searches this number of passages fast enough, without postings."""
    return passages <= FTS5_UP_TO


class FullText:
    """Searches the full text of a store. Several threads may use it without waiting for each other.

    The first search opens the files. If any process has raised the store's generation, the next search brings
    the postings in memory up to date. Only `save` makes and writes the files.
    """

    def __init__(self, store: Source) -> None:
        self._store = store
        self._stemmer = Stemmer()
        self._postings: Postings | None = None
        self._changing = threading.Lock()
        self._saving = threading.Lock()
        # The file that could not be opened, after a warning.
        self._unusable = ""

    def close(self) -> None:
        """Close the search. It cannot be used afterwards."""
        self._stemmer.close()

    def search(self, queries: Sequence[Sequence[str]], k: int, selection: Selection) -> list[Found]:
        """Find for each query the best `k` passages for any of its words, with the results of `Store.bm25`.

        Return pairs of key and score, the highest score first.
        """
        postings = self._in_step(MOST_FOLLOWED)
        if postings:
            try:
                return self._searched(postings, queries, k, selection)
            except (IndexError, ValueError):  # damaged postings: places without a passage
                self._refuse(self._store.words_record().file, f"{postings.file.name} is damaged")
        return [self._store.bm25(words, k, selection.filters) for words in queries]

    def _searched(
        self, postings: Postings, queries: Sequence[Sequence[str]], k: int, selection: Selection
    ) -> list[Found]:
        """Search for the words of each query: in the postings, or in the store if a word is a phrase."""
        asked = [list(dict.fromkeys(words)) for words in queries]
        words = list(dict.fromkeys(chain.from_iterable(asked)))
        try:
            stems = dict(zip(words, self._stemmer.stems(words), strict=True))
        except sqlite3.ProgrammingError as error:
            raise LibraryError(f"{self._store.folder} was closed: open the library again") from error
        except UnicodeEncodeError:
            stems = dict.fromkeys(words, (b"", b""))  # two stems: the store searches, and raises the error
        # A word of several stems is a phrase. Only FTS5 can find phrases.
        whole = [all(len(stems[word]) <= 1 for word in query) for query in asked]
        pairs = list(zip(asked, whole, strict=True))
        ours = [[stem for word in query for stem in stems[word]] for query, one in pairs if one]
        hits = iter(postings.search(ours, k, self._store.allowed(selection.filters)))
        return [
            self._in_order(*next(hits), k) if one else self._store.bm25(query, k, selection.filters)
            for query, one in pairs
        ]

    def _in_order(self, keys: Int64, scores: Float64, k: int) -> Found:
        """Order passages with equal scores as the store does, and return the first k passages."""
        same = scores[1:] == scores[:-1]
        equal = np.append(same, [False]) | np.append([False], same) if len(scores) else same
        held = {key: at for at, key in enumerate(self._store.in_order(keys[equal]))} if equal.any() else {}
        hits = [
            (key, score)
            for key, score, tied in zip(keys.tolist(), scores.tolist(), equal.tolist(), strict=True)
            if not tied or key in held
        ]
        return sorted(hits, key=lambda hit: (-hit[1], held.get(hit[0], 0)))[:k]

    def file_bytes(self) -> int:
        """Return the size of the files, or 0 if there are no files and FTS5 answers."""
        postings = self._in_step(MOST_FOLLOWED)
        if postings is None:
            return 0
        files = (self._store.words_record().file, postings.file.name)
        return sum((self._store.folder / name).stat().st_size for name in files)

    def save(self) -> None:
        """Bring the files up to date. Remove them if the library is so small that FTS5 suffices.

        Errors in writing are logged, not raised: the files are derived, and FTS5 still answers.
        """
        if self._store.read_only:
            return
        with self._saving:
            try:
                self._save()
            except (OSError, DamagedFileError, LibraryError) as error:
                log.warning(
                    "the postings of %s could not be saved (%s): until they are saved, questions take longer",
                    self._store.folder,
                    error,
                )

    def remake(self) -> None:
        """Make the files again from the store. Remove all other files, even if a process still reads them.

        Raises:
            OSError: a file cannot be removed.
        """
        with self._changing:
            self._postings = None
        self.save()
        keep = {self._store.words_record().file, self._postings.file.name if self._postings else ""}
        remove_others(self._store.folder, WORDS, keep)

    def _save(self) -> None:
        """Write the postings if too much has changed since, and delete files that are not used any more."""
        passages = self._store.passages()
        record = self._store.words_record()
        if suffices_fts5(passages):
            if record.file:
                self._store.record_words("", record.generation)
                self._postings = None
                self._sweep(record.generation + 1, "")
            return
        postings = self._in_step(math.ceil(ADDED_SHARE * passages))
        behind = True
        if postings is None or postings.wants_compacting:
            log.info("building the postings of %d passages in %s", passages, self._store.folder)
            postings = Postings.of(self._store)
            with self._changing:
                self._postings, self._unusable = postings, ""
        else:
            behind = postings.generation > record.file_generation
        if behind:
            file = postings.save(self._store.folder)
            self._store.record_words(file, postings.generation)
            behind = self._store.words_record().file == file
        # The active base is known for certain only if it was just recorded.
        self._sweep(postings.generation, postings.file.name if behind else None)

    # In step

    def _in_step(self, most: int) -> Postings | None:
        """Return the postings of the store's present generation.

        Return None if more than `most` passages are new, if there is no file, or if it must be made again.
        """
        record = self._store.words_record()
        postings = self._postings
        if postings and postings.generation == record.generation and record.file:
            return postings
        if not record.file and not postings:
            return None
        with self._changing:
            while True:
                record = self._store.words_record()
                postings = self._opened(record)
                self._postings = postings
                if postings is None or record.encoding is None or postings.generation == record.generation:
                    return postings
                difference = self._difference(postings, record.encoding)
                if difference is None:
                    continue  # a reindex has just made another encoding the active encoding
                if len(difference.missing) > most:
                    return None
                self._postings = postings.followed(difference, self._store)

    def _difference(self, postings: Postings, encoding: Encoding) -> Difference | None:
        return self._store.difference(encoding, lambda: postings.keys, postings.last, postings.generation)

    def _opened(self, record: IndexRecord) -> Postings | None:
        """Return the open postings, or open the active file if it is newer. Return None if it is unusable."""
        while record.file and record.file != self._unusable:
            if self._postings and self._postings.generation >= record.file_generation:
                return self._postings
            try:
                return Postings.open(self._store.folder, record.file, record.file_generation)
            except DamagedFileError as error:
                now = self._store.words_record()
                if now.file == record.file:
                    self._refuse(record.file, str(error))
                record = now  # another process may just have replaced it
        return None

    def _refuse(self, file: str, problem: str) -> None:
        log.warning("%s: until `pullquote index` builds it again, questions take longer", problem)
        self._unusable, self._postings = file, None

    # Files

    def _sweep(self, generation: int, base: str | None) -> None:
        """Remove the files of earlier generations, the parts that a killed process left, and all other bases.

        If `base` is None, keep all bases.
        """
        folder = self._store.folder
        earlier = [
            path
            for path in folder.glob("words-*.bin")
            if (match := _FILE.fullmatch(path.name)) and int(match[1]) < generation
        ]
        bases = [path for path in folder.glob("postings-*.bin") if base is not None and path.name != base]
        sweep(earlier, [*folder.glob(".words-*.part"), *folder.glob(".postings-*.part"), *bases])
