"""Make the reader's training windows.

usage: python -m training.prepare OUT.jsonl TRAINDATA [SOURCE ...] --apart [SUITE ...] [--epochs N] [--seed N]

TRAINDATA holds the folders of fictional briefs, to which `training/written` belongs; a SOURCE is a suite in
the layout that `pullquote evaluate` takes (with its corpus), or a .jsonl file of questions with passages.
`TRAINDATA=N` and `SOURCE=N` take N of its questions in an epoch (but all of `training/written`). What is kept
for validation (`training/questions.py`) is left out: by its name, and by its words where it is in a corpus of
a SUITE of `--apart`. Each epoch cuts its windows anew.
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

from training.questions import Apart, Question, briefs, passages_file, suite
from training.windows import Example, Material, dress, windows

if TYPE_CHECKING:
    from collections.abc import Iterator

# Questions written since, on the errors of an earlier reader (docs/reader-errors.md).
WRITTEN = Path(__file__).parent / "written"
# How many windows of each kind a question gives. The briefs are what the reader is for.
BRIEFS = {"again": 0.3, "same": 0.6, "removed": 0.25, "other": 0.4, "changed": 0.8}
OTHERS = {"again": 0.1, "same": 0.2, "removed": 0.15, "other": 0.35, "changed": 0.4}


def main() -> None:
    """Read the sources, make windows, write them in an order that mixes all."""
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("traindata")
    parser.add_argument("sources", nargs="*")
    parser.add_argument(
        "--apart", type=Path, nargs="*", required=True, help="suites that will be measured on; none if none"
    )
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    apart = Apart(arguments.apart)
    path, most = counted(arguments.traindata)
    every = list(briefs(path, WRITTEN))
    given = [
        ([each for each in every if each.source != WRITTEN.name], BRIEFS, most),
        ([each for each in every if each.source == WRITTEN.name], BRIEFS, None),
    ]
    for path, most in map(counted, arguments.sources):
        given.append((list(suite(path) if path.is_dir() else passages_file(path)), OTHERS, most))
    sources = [
        Source(drawn(apart.without(questions), most, arguments.epochs, rng), rates, most)
        for questions, rates, most in given
    ]
    with arguments.out.open("w", encoding="utf-8") as out:
        for epoch in range(1, arguments.epochs + 1):
            made = [dress(example, rng) for source in sources for example in source.windows(rng)]
            rng.shuffle(made)
            for example in made:
                print(json.dumps({"epoch": epoch, **example.as_dict()}, ensure_ascii=False), file=out)
            share = sum(example.answers for example in made) / len(made)
            print(f"epoch {epoch}: {len(made)} windows, {share:.0%} answer", file=sys.stderr)
            kinds = Counter((example.source, example.kind) for example in made)
            for (source, kind), count in sorted(kinds.items()):
                print(f"  {source} {kind} {count}", file=sys.stderr)


def counted(argument: str) -> tuple[Path, int | None]:
    """Read PATH, or PATH=N where N is 0 or more."""
    name, _, most = argument.partition("=")
    return Path(name), int(most) if most else None


def drawn(questions: list[Question], most: int | None, epochs: int, rng: random.Random) -> list[Question]:
    """Return as many questions, in random order, as all epochs take, so that no document is read in vain."""
    return rng.sample(questions, len(questions) if most is None else min(len(questions), most * epochs))


@dataclass
class Source:
    """Questions of one source, and how many windows of each kind one gives.

    An epoch takes the next `most` of them (all where it is None), and begins again when all had their turn.
    """

    questions: list[Question]
    rates: dict[str, float]
    most: int | None = None
    material: Material = field(init=False)
    _left: list[Question] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.material = Material(self.questions)

    def windows(self, rng: random.Random) -> Iterator[Example]:
        """Return the windows of an epoch."""
        wanted = len(self.questions) if self.most is None else min(self.most, len(self.questions))
        if len(self._left) < wanted:
            self._left += rng.sample(self.questions, len(self.questions))
        taken, self._left = self._left[:wanted], self._left[wanted:]
        return windows(self.material, taken, self.rates, rng)


if __name__ == "__main__":
    main()
