"""From words to the passages that are best by BM25, in a large library too.

SQLite's FTS5 is the record of what words there are, and answers for up to `FTS5_UP_TO` passages. It looks at
one match after the other, 0.2 s for a question to a million passages. So of a larger library, the postings
also lie in files derived from it, and numpy adds up the same scores, bit for bit, in milliseconds
(docs/decisions/0002-storage.md). Whatever happens to these files, FTS5 still answers.

`words-<generation>.bin` mirrors the store at that generation; a row in the store names the one in force. Most
postings lie in another file beside it, `postings-<hash>.bin`, the base, which is mapped and never changed.
What was added since lies in the first, in segments each of which is larger than the next; what was removed
since is passed over.
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
from qa.storage.embedded.postings import Segment, build_of_texts
from qa.storage.embedded.vector_index import remove_others, sweep
from qa.storage.records.stems import Stemmer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path
    from typing import BinaryIO

    from embeddings.arrays import Bits, Bool, Int64
    from qa.storage.embedded.store import IndexRecord, Store
    from qa.storage.embedded.vectors import Difference
    from qa.storage.intake_port import Encoding
    from qa.storage.ports import Selection

    Float64 = npt.NDArray[np.float64]
    Found = list[tuple[int, float]]
    # Of a word and a segment: the places of the passages that hold it, and what it adds to their scores.
    Impacts = tuple[npt.NDArray[np.uint32], Float64]

log = logging.getLogger(__name__)
# So many passages are searched by FTS5 in some 10 ms (docs/performance.md).
FTS5_UP_TO = 50_000
# The base is made anew when more than this share of it was added since, or is gone.
ADDED_SHARE, GONE_SHARE = 0.1, 0.2
# A question waits until so many new passages are followed; of more, FTS5 answers until they are saved.
MOST_FOLLOWED = 2_000
# As FTS5 has them: https://www.sqlite.org/fts5.html#the_bm25_function
_K1, _B, _LEAST_IDF = 1.2, 0.75, 1e-6

_MARK = b"pullquote postings 1\n"
_FILE = re.compile(r"words-(\d+)\.bin")
# What comes of bytes that nobody has written properly, when postings are made of them.
_NO_POSTINGS = (ValueError, TypeError, LookupError, ArithmeticError, RecursionError)
# Passages whose texts are in memory at once.
_BLOCK = 2_000
# Scores are laid out in so many rows: no more than the highest of each column are sorted at first.
_ROWS = 64


class _Part:
    """A segment, and which of its passages are still there: `live`, bool [n], or None for all."""

    def __init__(self, segment: Segment, gone: Int64) -> None:
        self.segment = segment
        live = np.ones(len(segment), np.bool_)
        live[segment.places(gone)] = False
        self.live: Bool | None = None if live.all() else live
        self.passages = int(np.count_nonzero(live))
        self.tokens = int(segment.lengths.sum(where=live, dtype=np.int64))

    def mask(self, allowed: Bits | None) -> Bool | None:
        """Tell of each passage whether it can be found, bool [n]; None where all can."""
        if allowed is None:
            return self.live
        beyond = allowed.last + 1  # as long as the store has keys, whatever the file has
        mask = allowed.mask(beyond + 1).take(np.minimum(self.segment.keys, beyond))
        return mask if self.live is None else mask & self.live


@dataclass(frozen=True, eq=False)
class Postings:
    """The postings of a store's passages. Nothing changes them; any thread may search.

    Attributes:
        generation: the state of the store that they are in step with.
        file: the file of the first segment, the base.
        segments: the base, and what was added since.
        gone: the keys of the segments that were removed since, ascending.
    """

    generation: int
    file: KnownFile
    segments: tuple[Segment, ...]
    gone: Int64

    @property
    def keys(self) -> Int64:
        """The keys that can be found, int64 [n], ascending."""
        return np.setdiff1d(np.concatenate([segment.keys for segment in self.segments]), self.gone)

    @property
    def last(self) -> int:
        """The greatest key in a segment."""
        return max(int(segment.keys.max(initial=-1)) for segment in self.segments)

    @property
    def wants_compacting(self) -> bool:
        """Whether much has changed since the base was made."""
        base, *others = map(len, self.segments)
        return sum(others) > ADDED_SHARE * base or len(self.gone) > GONE_SHARE * base

    def followed(self, difference: Difference, store: Store) -> Postings:
        """Give the postings of the generation of a difference."""
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
        """What the length of each passage adds to the denominator of BM25."""
        mean = sum(part.tokens for part in self._parts) / max(1, self._passages) or 1.0
        # In FTS5's own order of operations, here and below.
        lengths = [part.segment.lengths.astype(np.float64) for part in self._parts]
        return [_K1 * ((1 - _B) + _B * each / mean) for each in lengths]

    def search(
        self, queries: Iterable[Sequence[bytes]], k: int, allowed: Bits | None
    ) -> list[tuple[Int64, Float64]]:
        """Find the best k passages for any of the stems of each query: keys int64 [m] and scores, falling.

        A stem that comes twice counts twice. More than k are found where others equal the k-th.
        """
        masks = [part.mask(allowed) for part in self._parts]
        known: dict[bytes, list[Impacts]] = {}
        results = []
        for query in queries:
            for stem in query:
                if stem not in known:
                    known[stem] = self._impacts(stem)
            found, scores = [np.empty(0, np.int64)], [np.empty(0)]
            for at, (part, mask) in enumerate(zip(self._parts, masks, strict=True)):
                sums = np.zeros(-(-len(part.segment) // _ROWS) * _ROWS)
                for stem in query:
                    places, impacts = known[stem][at]
                    sums[places] += impacts
                if mask is not None:
                    sums[: len(mask)] *= mask
                best = _highest(sums, k)
                found.append(part.segment.keys[best])
                scores.append(sums[best])
            keys, all_scores = np.concatenate(found), np.concatenate(scores)
            best = np.argsort(-all_scores, kind="stable")
            least = all_scores[best[k - 1]] if k <= len(best) else 0.0
            best = best[all_scores[best] >= least]
            results.append((keys[best], all_scores[best]))
        return results

    def _impacts(self, stem: bytes) -> list[Impacts]:
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
        """Write all but the base, which is there; gives the file's name.

        Raises:
            OSError: when it cannot be written.
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
        """Open what `save` wrote; `thorough` reads all of the base and compares its hash.

        Raises:
            DamagedFileError: when it or its base is missing, unreadable, cut, damaged or of another kind.
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
            # Copied, to lie where numbers are read fast.
            segments = [Segment.of_bytes(other.copy()) for other in others]
            return cls(generation, file, (base, *segments), gone.copy().view("<i8"))
        except _NO_POSTINGS as error:
            raise DamagedFileError(f"{folder / name} is damaged: {error}") from error

    @classmethod
    def of(cls, store: Store) -> Postings:
        """Make the base anew of all of the store's passages, and write it. It takes a minute for a million.

        Raises:
            OSError: when it cannot be written.
            DamagedFileError: when it is not there again at once.
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
    """Find where the k highest are that are above 0, and what equals the k-th, in any order.

    The k-th highest of the columns' maxima is no higher than the k-th highest of all.
    """
    maxima = sums.reshape(_ROWS, -1).max(axis=0)
    least = np.partition(maxima, -k)[-k] if k < len(maxima) else 0.0
    above = np.flatnonzero(sums >= least if least > 0 else sums > 0)
    if k < len(above):
        values = sums[above]
        above = above[values >= np.partition(values, -k)[-k]]
    return above


def suffices_fts5(passages: int) -> bool:
    """Tell whether SQLite itself searches so many passages quickly enough, without a file of postings."""
    return passages <= FTS5_UP_TO


class FullText:
    """Full-text search of a store. May be used from several threads, which do not wait for each other.

    The files are opened at the first search, and followed whenever the store's generation has grown, by this
    process or by another. Only `save` makes and writes them.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._stemmer = Stemmer()
        self._postings: Postings | None = None
        self._changing = threading.Lock()
        self._saving = threading.Lock()
        # The file that could not be opened, and was warned of.
        self._unusable = ""

    def close(self) -> None:
        """Free what it holds. It cannot be used afterwards."""
        self._stemmer.close()

    def search(self, queries: Sequence[Sequence[str]], k: int, selection: Selection) -> list[Found]:
        """Find for each query the best `k` passages for any of its words, as `Store.bm25` would.

        Gives (key, score), best first.
        """
        postings = self._in_step(MOST_FOLLOWED)
        if postings:
            try:
                return self._searched(postings, queries, k, selection)
            except (IndexError, ValueError):  # a place that no passage has, or more of them than passages
                self._refuse(self._store.words_record().file, f"{postings.file.name} is damaged")
        return [self._store.bm25(words, k, selection) for words in queries]

    def _searched(
        self, postings: Postings, queries: Sequence[Sequence[str]], k: int, selection: Selection
    ) -> list[Found]:
        asked = [list(dict.fromkeys(words)) for words in queries]
        words = list(dict.fromkeys(chain.from_iterable(asked)))
        try:
            stems = dict(zip(words, self._stemmer.stems(words), strict=True))
        except sqlite3.ProgrammingError as error:
            raise LibraryError(f"{self._store.folder} was closed: open the library again") from error
        except UnicodeEncodeError:
            stems = dict.fromkeys(words, (b"", b""))  # the store names the error
        # A word of several stems is a phrase, whose places only FTS5 knows.
        whole = [all(len(stems[word]) <= 1 for word in query) for query in asked]
        pairs = list(zip(asked, whole, strict=True))
        ours = [[stem for word in query for stem in stems[word]] for query, one in pairs if one]
        found = iter(postings.search(ours, k, selection.allowed))
        return [
            self._in_order(*next(found), k) if one else self._store.bm25(query, k, selection)
            for query, one in pairs
        ]

    def _in_order(self, keys: Int64, scores: Float64, k: int) -> Found:
        """Order equals as the store does; take the first k."""
        same = scores[1:] == scores[:-1]
        equal = np.append(same, [False]) | np.append([False], same) if len(scores) else same
        held = {key: at for at, key in enumerate(self._store.in_order(keys[equal]))} if equal.any() else {}
        found = [
            (key, score)
            for key, score, tied in zip(keys.tolist(), scores.tolist(), equal.tolist(), strict=True)
            if not tied or key in held
        ]
        return sorted(found, key=lambda each: (-each[1], held.get(each[0], 0)))[:k]

    def file_bytes(self) -> int:
        """Measure the files; 0 where there are none and FTS5 answers."""
        postings = self._in_step(MOST_FOLLOWED)
        if postings is None:
            return 0
        files = (self._store.words_record().file, postings.file.name)
        return sum((self._store.folder / name).stat().st_size for name in files)

    def save(self) -> None:
        """Make the files what they should be for the library's size, in step, unless they are.

        What keeps them from being written is logged, not raised: they are derived, and FTS5 goes on.
        """
        if self._store.read_only:
            return
        with self._saving:
            try:
                self._save()
            except (OSError, DamagedFileError, LibraryError) as error:
                log.warning(
                    "the postings of %s could not be saved (%s): until they are, questions take longer",
                    self._store.folder,
                    error,
                )

    def remake(self) -> None:
        """Make the files anew from the store, and remove all others, whoever may still read them.

        Raises:
            OSError: one of those cannot be removed.
        """
        with self._changing:
            self._postings = None
        self.save()
        keep = {self._store.words_record().file, self._postings.file.name if self._postings else ""}
        remove_others(self._store.folder, ("words-*.bin", "postings-*.bin"), keep)

    def _save(self) -> None:
        passages = self._store.count().passages
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
            log.info("making the postings of %d passages in %s", passages, self._store.folder)
            postings = Postings.of(self._store)
            with self._changing:
                self._postings, self._unusable = postings, ""
        else:
            behind = postings.generation > record.file_generation
        if behind:
            file = postings.save(self._store.folder)
            self._store.record_words(file, postings.generation)
            behind = self._store.words_record().file == file
        # Only where it was just recorded is it known which base is in force.
        self._sweep(postings.generation, postings.file.name if behind else None)

    # In step

    def _in_step(self, most: int) -> Postings | None:
        """Give the postings in step with the store's generation, unless more than so many passages are new.

        None too where there is no file, or it has to be made again.
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
                    continue  # a reindex has just put another encoding in force
                if len(difference.missing) > most:
                    return None
                self._postings = postings.followed(difference, self._store)

    def _difference(self, postings: Postings, encoding: Encoding) -> Difference | None:
        return self._store.difference(encoding, lambda: postings.keys, postings.last, postings.generation)

    def _opened(self, record: IndexRecord) -> Postings | None:
        """Give what is open, unless the file in force is newer: then that; None where it cannot be used."""
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
        log.warning("%s: until `pullquote index` makes it again, questions take longer", problem)
        self._unusable, self._postings = file, None

    # Files

    def _sweep(self, generation: int, base: str | None) -> None:
        """Remove the files of earlier generations, what a killed process left, and bases but this one."""
        folder = self._store.folder
        earlier = [
            path
            for path in folder.glob("words-*.bin")
            if (match := _FILE.fullmatch(path.name)) and int(match[1]) < generation
        ]
        bases = [path for path in folder.glob("postings-*.bin") if base is not None and path.name != base]
        sweep(earlier, [*folder.glob(".words-*.part"), *folder.glob(".postings-*.part"), *bases])
