"""Measure a trained reader on what it was not trained on, given the right document.

usage: python -m training.validate CHECKPOINT [CHECKPOINT ...] --traindata DIR --suite SQUAD [--most N]

Each checkpoint by itself, or, of CHECKPOINT=SHARE, the one average that `training/export.py` would ship.

The held-out fictional briefs and SQuAD articles (`training/questions.py`), N questions of each: how often the
first sentence, and one of the first three, is evidence, and the AUROC of the best sentence's probability,
answerable against unanswerable. Retrieval has no part in it: the product is measured by `pullquote evaluate`.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

import numpy as np
import torch
from sklearn.metrics import roc_auc_score

from qa.document.segment import passages
from qa.document.window import reading_window
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
    parser.add_argument("--suite", type=Path, required=True)
    parser.add_argument("--most", type=int, default=250)
    arguments = parser.parse_args()
    sets = {"d3 + d8": briefs(arguments.traindata), "SQuAD 2.0": suite(arguments.suite)}
    kept = {
        name: [q for q in found if is_held_out(q.document.id) and q.source not in ("d12", "headers")]
        for name, found in sets.items()
    }
    shared = any("=" in each for each in arguments.checkpoints)
    for paths in [arguments.checkpoints] if shared else [[each] for each in arguments.checkpoints]:
        model = ReaderModel.restored(average(paths)).eval()
        for name, questions in kept.items():
            drawn = random.Random(SEED).sample(questions, min(arguments.most, len(questions)))
            first, three, auroc = measure(model, drawn)
            print(
                f"{' + '.join(paths)} {name}: {len(drawn)} questions, hit@1 {first:.3f}, "
                f"hit@3 {three:.3f}, AUROC {auroc:.3f}",
                flush=True,
            )


@torch.no_grad()
def measure(model: ReaderModel, questions: list[Question]) -> tuple[float, float, float]:
    """Return hit@1 and hit@3 of the answerable questions, and AUROC of all."""
    tokenizer = open_tokenizer()
    hits, sure = [], []
    for question in questions:
        gold = Lines(question.document).gold_spans(question)
        windows = [
            (passage, window)
            for passage in passages(question.document)
            if (window := reading_window(question.document, passage)).sentences
        ]
        examples = [
            Example(
                question.text, w.head, w.sentences, (False,) * len(w.sentences), None, "", question.source
            )
            for _, w in windows
        ]
        with torch.autocast("cpu", torch.bfloat16):
            answers, sentences, _, _ = model(
                *collate([encode(tokenizer, each) for each in examples], examples).inputs
            )
        probability = torch.sigmoid(answers.float())[:, None] * torch.sigmoid(sentences.float())
        read = [
            (float(p), (s.start, s.end) in gold)
            for (passage, _), row in zip(windows, probability, strict=True)
            for s, p in zip([s for s in passage.sentences if s.quotable], row, strict=False)
        ]
        read.sort(key=lambda each: -each[0])
        sure.append(read[0][0])
        if question.gold:
            hits.append((read[0][1], any(right for _, right in read[:3])))
    first, three = np.mean(hits, axis=0)
    return first, three, roc_auc_score([bool(q.gold) for q in questions], sure)


if __name__ == "__main__":
    main()
