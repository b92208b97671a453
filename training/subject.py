"""Fit the head that judges whether a window is on the question's subject, in closed form.

usage: python -m training.subject OUT.pt WINDOWS.jsonl TEACHER CHECKPOINT[=SHARE] ... [--most N]

TEACHER is the folder of a cross-encoder, which scores N windows without context. The head is a ridge
regression of these scores on BERT's pooled first state. OUT is a checkpoint with the average of the
CHECKPOINTs and this head. Training alone moves the head too slowly. Prints the share of the teacher's
variance that the head explains on windows left out.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

import torch
from sklearn.linear_model import Ridge
from transformers import BertForSequenceClassification

from training.export import average
from training.model import ReaderModel
from training.reader import in_bfloat16, open_tokenizer, read, together

SEED = 3
# Strength of the regularisation, for pooled states from -1 to 1.
STRENGTH = 1.0
LEFT_OUT = 0.2


@torch.no_grad()
def main() -> None:
    """Read the windows with both models, fit the head, and write the checkpoint."""
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("windows", type=Path)
    parser.add_argument("teacher", type=Path)
    parser.add_argument("checkpoints", nargs="+")
    parser.add_argument("--most", type=int, default=3000)
    arguments = parser.parse_args()
    model = ReaderModel.restored(average(arguments.checkpoints)).eval()
    teacher = BertForSequenceClassification.from_pretrained(arguments.teacher).eval()
    plain = [[example] for examples in read(arguments.windows) for example in examples if not example.context]
    drawn = random.Random(SEED).sample(plain, min(arguments.most, len(plain)))
    pooled, taught = [], []
    for part in together(open_tokenizer(), drawn):
        ids, mask, types, _ = part.inputs
        inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": types}
        with in_bfloat16(ids.device):
            pooled.append(model.states(ids, mask, types)[1].float())
            taught.append(teacher(**inputs).logits.squeeze(-1).float())
    states, scores = torch.cat(pooled).numpy(), torch.cat(taught).numpy()
    order = random.Random(SEED).sample(range(len(scores)), len(scores))
    left_out, fitted_on = order[: int(LEFT_OUT * len(order))], order[int(LEFT_OUT * len(order)) :]
    head = Ridge(STRENGTH).fit(states[fitted_on], scores[fitted_on])
    explained = head.score(states[left_out], scores[left_out])
    print(f"{len(fitted_on)} windows; explained of {len(left_out)} others: {explained:.3f}")
    model.relevance.weight.copy_(torch.tensor(head.coef_[None]))
    model.relevance.bias.fill_(float(head.intercept_))
    torch.save({"model": model.state_dict()}, arguments.out)


if __name__ == "__main__":
    main()
