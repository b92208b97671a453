"""Measure a trained reader on questions that are kept for validation, given the right document.

usage: python -m training.validate CHECKPOINT [CHECKPOINT ...] --traindata DIR --suite SUITE ... [--most N]

Measures each checkpoint by itself. With CHECKPOINT=SHARE, it measures the average that `training/export.py`
would ship. `--words` gives the size of a window. With `--context`, windows are read with earlier sentences of
their document.

Asks N questions of the fictional briefs and of each SUITE that are kept for validation
(`training/questions.py`). Prints how often the first sentence, and one of the first three, is evidence. Also
prints the AUROC of the best sentence's probability, answerable against unanswerable. Retrieval is not
measured: `pullquote evaluate` measures the product.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

import numpy as np
import torch
from sklearn.metrics import roc_auc_score

from qa.document.context import introductions
from qa.document.segment import PASSAGE_WORDS, passages
from qa.document.window import in_words, reading_window
from qa.text.question import ParsedQuestion
from training.export import average
from training.model import ReaderModel, collate, encode
from training.questions import Question, briefs, is_held_out, suite
from training.reader import open_tokenizer
from training.windows import Example, Lines

SEED = 7


def main() -> None:
    """Print one line for each checkpoint and set."""
    parser = argparse.ArgumentParser()
    parser.add_argument("checkpoints", nargs="+")
    parser.add_argument("--traindata", type=Path, required=True)
    parser.add_argument("--suite", type=Path, nargs="+", required=True)
    parser.add_argument("--most", type=int, default=250)
    parser.add_argument("--words", type=int, default=PASSAGE_WORDS, help="words in a window")
    parser.add_argument("--context", action="store_true", help="with what the document said before")
    arguments = parser.parse_args()
    sets = {"d3 + d8": briefs(arguments.traindata)} | {path.name: suite(path) for path in arguments.suite}
    held_out = {
        name: [
            candidate
            for question in questions
            if is_held_out(question.document.id, question.source)
            and question.source not in ("d12", "headers")
            for candidate in (question, question.twin)
            if candidate
        ]
        for name, questions in sets.items()
    }
    shared = any("=" in checkpoint for checkpoint in arguments.checkpoints)
    for paths in (
        [arguments.checkpoints] if shared else [[checkpoint] for checkpoint in arguments.checkpoints]
    ):
        model = ReaderModel.restored(average(paths)).eval()
        for name, questions in held_out.items():
            drawn = random.Random(SEED).sample(questions, min(arguments.most, len(questions)))
            first, three, auroc = measure(model, drawn, arguments.words, in_context=arguments.context)
            print(
                f"{' + '.join(paths)} {name}: {len(drawn)} questions, hit@1 {first:.3f}, "
                f"hit@3 {three:.3f}, AUROC {auroc:.3f}",
                flush=True,
            )


@torch.no_grad()
def measure(
    model: ReaderModel, questions: list[Question], words: int, *, in_context: bool
) -> tuple[float, float, float]:
    """Return hit@1 and hit@3 of the answerable questions, and the AUROC of all, or nan without questions."""
    tokenizer = open_tokenizer()
    hits, sure, answerable = [], [], []
    for question in questions:
        gold = Lines(question.document).gold_spans(question)
        windows = [
            (passage, window)
            for passage in passages(question.document, words)
            if (window := reading_window(question.document, passage)).sentences
        ]
        if not windows:
            continue
        examples = []
        before: list[str] = []
        for passage, w in windows:
            text = " ".join((w.head, *w.sentences))
            names = " ".join(ParsedQuestion(question.text).names)
            indices = introductions(names, text, before) if in_context else ()
            context = " ".join(before[at] for at in indices)
            labels = (False,) * len(w.sentences)
            examples.append(
                Example(question.text, w.head, w.sentences, labels, None, "", question.source, context)
            )
            own = (each for each in passage.sentences if each.quotable and each.kind != "header")
            before += (in_words(question.document, sentence) for sentence in own)
        answers, sentences, *_ = model(
            *collate([encode(tokenizer, example) for example in examples], examples).inputs
        )
        probability = torch.sigmoid(answers.float())[:, None] * torch.sigmoid(sentences.float())
        read = [
            (float(p), (s.start, s.end) in gold)
            for (passage, _), row in zip(windows, probability, strict=True)
            for s, p in zip([s for s in passage.sentences if s.quotable], row, strict=False)
        ]
        read.sort(key=lambda pair: -pair[0])
        sure.append(read[0][0])
        answerable.append(bool(question.gold))
        if question.gold:
            hits.append((read[0][1], any(right for _, right in read[:3])))
    first, three = np.mean(hits, axis=0) if hits else (np.nan, np.nan)
    return first, three, roc_auc_score(answerable, sure) if len(set(answerable)) > 1 else np.nan


if __name__ == "__main__":
    main()
