"""Make the windows on which the reader is trained, and the windows on which its training is watched.

usage: python -m training.prepare OUT.jsonl TRAINDATA [SOURCE ...] --apart [SUITE ...] [--epochs N] [--seed N]

TRAINDATA has the folders of fictional briefs. The questions of `training/written` are always added. A SOURCE
is a suite in the layout that `pullquote evaluate` takes, with its corpus, or a .jsonl file of questions with
passages. `TRAINDATA=N` and `SOURCE=N` take N questions in an epoch; all of `training/written` are taken.

Documents that are kept for validation (`training/questions.py`) are left out, by their names. Other documents
are left out if they share words with a kept document in the corpus of a SUITE of `--apart`. Each epoch cuts
its windows again.

With `--watch N`, the windows are made of N questions of each source that are kept for validation.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from training.questions import Apart, Question, briefs, is_held_out, kinds, passages_file, suite
from training.windows import SHORTER, SIZES, Example, Material, lists

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from training.windows import Sizes

# Questions that were written against the errors of earlier readers (training/reader-errors.md).
WRITTEN = Path(__file__).parent / "written"
# Mean number of windows of each kind that a question gives. Briefs give most: the reader is made for them.
BRIEFS = {"again": 0.3, "same": 0.6, "removed": 0.25, "changed": 0.8, "other": 0.5, "far": 0.15}
KINDS = {"again": 0.0, "same": 0.9, "removed": 0.4, "changed": 0.4, "other": 0.6, "far": 0.0}
OTHERS = {"again": 0.0, "same": 0.5, "removed": 0.3, "changed": 0.5, "other": 0.6, "far": 0.2}


def main() -> None:
    """Read the sources, make windows, and write them in an order that mixes all sources."""
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("traindata")
    parser.add_argument("sources", nargs="*")
    parser.add_argument(
        "--apart", type=Path, nargs="*", required=True, help="suites that will be measured on; none if none"
    )
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--written", type=int, metavar="N", help="of the written questions; all if not given")
    parser.add_argument("--shorter", action="store_true", help="windows of at most 140 words, not 220")
    parser.add_argument("--watch", type=int, metavar="N", help="windows of what is kept for validation")
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    path, most = counted(arguments.traindata)
    every = list(briefs(path, WRITTEN))
    given = [
        ([question for question in every if question.source != WRITTEN.name], BRIEFS, most),
        ([question for question in every if question.source == WRITTEN.name], BRIEFS, arguments.written),
    ]
    if not arguments.watch:
        given.append((list(kinds(path, WRITTEN)), KINDS, None))
    for path, most in map(counted, arguments.sources):
        given.append((list(suite(path) if path.is_dir() else passages_file(path)), OTHERS, most))
    if arguments.watch:
        held_out = [
            ([q for q in questions if is_held_out(q.document.id, q.source)], rates)
            for questions, rates, _ in given
        ]
        chosen = [(questions, rates, arguments.watch) for questions, rates in held_out if questions]
    else:
        apart = Apart(arguments.apart)
        chosen = [(apart.without(questions), rates, most) for questions, rates, most in given]
    sources = [
        Source(drawn(questions, most, arguments.epochs, rng), rates, most)
        for questions, rates, most in chosen
    ]
    number = 0
    sizes = SHORTER if arguments.shorter else SIZES
    with arguments.out.open("w", encoding="utf-8") as out:
        for epoch in range(1, arguments.epochs + 1):
            made = [examples for source in sources for examples in source.lists(rng, sizes) if examples]
            rng.shuffle(made)
            for examples in made:
                number += 1
                for example in examples:
                    entry = {"epoch": epoch, "list": number, **example.as_dict()}
                    print(json.dumps(entry, ensure_ascii=False), file=out)
            report(epoch, [example for examples in made for example in examples])


def report(epoch: int, examples: Sequence[Example]) -> None:
    """Print the number of windows of each source and kind."""
    share = sum(example.answers for example in examples) / len(examples)
    in_context = sum(bool(example.context) for example in examples) / len(examples)
    print(
        f"epoch {epoch}: {len(examples)} windows, {share:.0%} answer, {in_context:.0%} with context",
        file=sys.stderr,
    )
    kinds = Counter((example.source, example.kind) for example in examples)
    for (source, kind), count in sorted(kinds.items()):
        print(f"  {source} {kind} {count}", file=sys.stderr)


def counted(argument: str) -> tuple[Path, int | None]:
    """Return the path and the number of an argument PATH or PATH=N. Without =N, the number is None."""
    name, _, most = argument.partition("=")
    return Path(name), int(most) if most else None


def drawn(questions: list[Question], most: int | None, epochs: int, rng: random.Random) -> list[Question]:
    """Return the questions that all epochs take, in random order, so that only their documents are read."""
    return rng.sample(questions, len(questions) if most is None else min(len(questions), most * epochs))


@dataclass
class Source:
    """Questions of one source, and the mean number of windows of each kind that a question gives.

    An epoch takes the next `most` questions, or all if `most` is None. After the last question, it goes on
    with the first of a new random order.
    """

    questions: list[Question]
    rates: dict[str, float]
    most: int | None = None
    material: Material = field(init=False)
    _left: list[Question] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.material = Material(self.questions)

    def lists(self, rng: random.Random, sizes: Sizes) -> Iterator[list[Example]]:
        """Yield the lists of windows of an epoch."""
        wanted = len(self.questions) if self.most is None else min(self.most, len(self.questions))
        if len(self._left) < wanted:
            self._left += rng.sample(self.questions, len(self.questions))
        taken, self._left = self._left[:wanted], self._left[wanted:]
        return lists(self.material, taken, self.rates, rng, sizes)


if __name__ == "__main__":
    main()
