"""`python -m sentiment.train.run`: fit the factors and all heads at once on the cleared sets, seeded.

Takes about an hour on two cores with bfloat16 instructions. Writes `factors.pt` (what was learned),
`log.jsonl` (a line every hundred steps) and the figures of the measuring splits; `sentiment.train.export`
turns that into what the repository carries.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sentiment.embedded.tokenizer import make, pack, prepare, unpack
from sentiment.embedded.weights import Weights, find
from sentiment.measures import macro_f1, macro_recall
from sentiment.port import TASKS
from sentiment.train import data, pieces
from sentiment.train.data import Example
from sentiment.train.network import Encoder

SEED = 20261122
TOKENS = 1_100
"""Tokens of a batch, padding counted."""
LONGEST = 96
RATE = 1.5e-3
WARM = 100
SMOOTHING = 0.05
EPOCHS = {"umsab": 3.0, "semeval": 0.9, "authored": 6.0, "germeval": 1.2, "banking": 2.0, "clinc": 0.8}
EVEN = {"sentiment": 1.0, "offensive": 0.6}
"""How far rare classes are weighed up (1: as if all were equally frequent); 0.5 where nothing is said."""
SHARE = {
    "sentiment": 1.0,
    "emotion": 0.5,
    "intent": 0.7,
    "urgency": 0.4,
    "offensive": 0.5,
    "banking": 0.6,
    "clinc": 0.6,
}


@dataclass
class Batch:
    """Texts of one source, as ids with their mask, and the classes known of each (-1: not)."""

    source: str
    ids: Tensor
    mask: Tensor
    labels: dict[str, Tensor]


class Model(nn.Module):
    """The encoder and a linear head per task."""

    def __init__(self, weights: Weights, kept: Tensor, classes: dict[str, int]) -> None:
        super().__init__()
        self.encoder = Encoder(weights, kept)
        hidden = weights.shape.hidden
        self.gain = hidden**0.5
        self.heads = nn.ModuleDict({task: nn.Linear(hidden, number) for task, number in classes.items()})
        for head in self.heads.values():
            nn.init.zeros_(head.weight)
            nn.init.zeros_(head.bias)

    def forward(self, ids: Tensor, mask: Tensor, tasks: list[str]) -> dict[str, Tensor]:
        """Logits by task."""
        row = self.encoder(ids, mask) * self.gain
        return {task: self.heads[task](row) for task in tasks}


def batches(
    examples: list[Example], encoded: list[list[int]], epochs: dict[str, float], chance: random.Random
) -> list[Batch]:
    """Every source as often as asked, texts of like length together, in a shuffled order."""
    by_source: dict[str, list[int]] = defaultdict(list)
    for place, example in enumerate(examples):
        by_source[example.source].append(place)
    found = []
    for source, places in sorted(by_source.items()):
        drawn: list[int] = []
        for turn in range(int(epochs[source]) + 1):
            mixed = chance.sample(places, len(places))
            drawn += mixed[: round(len(mixed) * min(1.0, epochs[source] - turn))]
        noisy = sorted(drawn, key=lambda place: len(encoded[place]) + chance.random() * 3)
        group: list[int] = []
        for place in noisy:
            if group and _width(len(encoded[place])) * (len(group) + 1) > TOKENS:
                found.append(_batch(source, group, examples, encoded))
                group = []
            group.append(place)
        found.append(_batch(source, group, examples, encoded))
    chance.shuffle(found)
    return found


def _width(tokens: int) -> int:
    """Widths come in steps of four: few shapes mean few kernels to make."""
    return -(-tokens // 4) * 4


def _batch(source: str, places: list[int], examples: list[Example], encoded: list[list[int]]) -> Batch:
    ids, mask = padded([encoded[place] for place in places])
    tasks = sorted({task for place in places for task in examples[place].labels})
    labels = {task: torch.tensor([examples[place].labels.get(task, -1) for place in places]) for task in tasks}
    return Batch(source, ids, mask, labels)


def padded(rows: list[list[int]]) -> tuple[Tensor, Tensor]:
    """Ids (padded with 1) and the mask of what stands."""
    width = _width(max(len(row) for row in rows))
    ids = torch.tensor([row + [1] * (width - len(row)) for row in rows])
    return ids, ids != 1


def class_weights(examples: list[Example], even: dict[str, float] = EVEN) -> dict[tuple[str, str], Tensor]:
    """For each source and task, a factor per class: rare ones count more, 1 on average over the texts."""
    counts: dict[tuple[str, str], dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for example in examples:
        for task, label in example.labels.items():
            counts[example.source, task][label] += 1
    found = {}
    for (source, task), seen in counts.items():
        numbers = torch.tensor([float(seen.get(n, 0)) for n in range(max(max(seen) + 1, len(TASKS.get(task, ()))))])
        factor = (numbers.sum() / numbers.clamp(min=1) / len(numbers)) ** even.get(task, 0.5)
        found[source, task] = (factor * numbers.sum() / (factor * numbers).sum()).clamp(max=4.0)
    return found


def learn(model: Model, work: list[Batch], factors: dict[tuple[str, str], Tensor], log: Path) -> None:
    """One pass over the batches with AdamW, warm-up and linear decay."""
    low = [p for name, p in model.named_parameters() if ".up" in name or ".down" in name]
    rest = list(model.heads.parameters())
    optimiser = torch.optim.AdamW([{"params": low, "lr": RATE}, {"params": rest, "lr": RATE}], weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min((step + 1) / WARM, max(0.0, (len(work) - step) / (len(work) - WARM)))
    )
    started, losses = time.monotonic(), defaultdict(list)
    for step, batch in enumerate(work):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            said = model(batch.ids, batch.mask, list(batch.labels))
        loss = torch.zeros(())
        for task, logits in said.items():
            one = F.cross_entropy(
                logits.float(), batch.labels[task], weight=factors[batch.source, task],
                ignore_index=-1, label_smoothing=SMOOTHING,
            )  # fmt: skip
            loss = loss + SHARE[task] * one
            losses[task].append(one.item())
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(low + rest, 1.0)
        optimiser.step()
        schedule.step()
        if step % 100 == 99 or step + 1 == len(work):
            line = {"step": step + 1, "of": len(work), "seconds": round(time.monotonic() - started)}
            line |= {task: round(float(np.mean(values)), 4) for task, values in sorted(losses.items())}
            losses.clear()
            with log.open("a") as stream:
                stream.write(json.dumps(line) + "\n")


def embed_with(encoder: Encoder, encoded: list[list[int]]) -> Tensor:
    """The rows of many texts, in order."""
    order = sorted(range(len(encoded)), key=lambda place: len(encoded[place]))
    rows = torch.zeros(len(encoded), encoder.words.shape[1])
    with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
        for start in range(0, len(order), 32):
            places = order[start : start + 32]
            rows[places] = encoder(*padded([encoded[place] for place in places])).float()
    return rows


def tokenise(texts: list[str], weights: Weights, kept: np.ndarray[tuple[int], np.dtype[np.int64]]) -> list[list[int]]:
    """Ids in the pruned vocabulary, cut at `LONGEST`."""
    tokenizer = make([weights.pieces[number] for number in kept], weights.scores[kept])
    tokenizer.enable_truncation(LONGEST)
    return [encoding.ids for encoding in tokenizer.encode_batch([prepare(text) for text in texts])]


def measures(model: Model, held: list[Example], encoded: list[list[int]]) -> Iterator[tuple[str, float]]:
    """Macro-F1 (TweetEval: macro-recall) of each task per source and language."""
    rows = embed_with(model.encoder, encoded) * model.gain
    groups = sorted({(example.source, example.language, task) for example in held for task in example.labels})
    for source, language, task in groups:
        mine = [n for n, e in enumerate(held) if (e.source, e.language) == (source, language) and task in e.labels]
        truth = [held[place].labels[task] for place in mine]
        said = model.heads[task](rows[mine]).argmax(1).tolist()
        figure = macro_recall if source == "tweeteval" else macro_f1
        yield f"{source}.{language}.{task}", figure(truth, said)


def main() -> None:
    """Train from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder of labelled sets")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--scale", type=float, default=1.0, help="share of every epoch, to try things out")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(args.threads)
    torch.manual_seed(SEED)
    chance = random.Random(SEED)  # noqa: S311  # an order, no secret
    weights = Weights(find())
    examples, held = data.training(args.data), data.measuring(args.data)
    packed = pack(pieces.choose(weights, [example.text for example in examples], pieces.LEARNED))
    kept = unpack(packed, len(weights.pieces))
    encoded = tokenise([example.text for example in examples], weights, kept)
    numbers: dict[str, int] = {task: len(classes) for task, classes in TASKS.items()}
    for task in ("banking", "clinc"):
        numbers[task] = 1 + max(example.labels[task] for example in examples if task in example.labels)
    model = Model(weights, torch.from_numpy(kept), numbers)
    epochs = {source: epoch * args.scale for source, epoch in EPOCHS.items()}
    work = batches(examples, encoded, epochs, chance)
    learn(model, work, class_weights(examples), args.out / "log.jsonl")
    parts = (".up", ".down", "heads.")
    learned = {name: value for name, value in model.state_dict().items() if any(part in name for part in parts)}
    torch.save(learned, args.out / "factors.pt")
    found = dict(measures(model, held, tokenise([example.text for example in held], weights, kept)))
    with (args.out / "log.jsonl").open("a") as stream:
        stream.write(json.dumps({"measured": {name: round(value, 4) for name, value in found.items()}}) + "\n")


if __name__ == "__main__":
    main()
