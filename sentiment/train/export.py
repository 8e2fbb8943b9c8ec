"""`python -m sentiment.train.export`: from what was learned to what the repository carries.

Measures the range of every input on cleared texts, writes `deltas.npz`, the graph, the lock and the heads.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from collections import defaultdict
from dataclasses import asdict
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import torch
from torch import Tensor, nn

from sentiment.embedded import build, deltas, heads
from sentiment.embedded.deltas import Deltas
from sentiment.embedded.lock import ASSETS
from sentiment.embedded.tokenizer import pack, unpack
from sentiment.embedded.weights import Weights, find
from sentiment.port import TASKS
from sentiment.train import data, graph, pieces
from sentiment.train.network import MATRICES, Encoder, Low
from sentiment.train.run import SEED, embed_with, tokenise

SAMPLE = 1500
"""Texts on which ranges are measured."""
SHARE = 0.9999
"""The range holds this share of a channel's values; the rest is cut."""

Floats = npt.NDArray[np.float32]


def factors(
    learned: dict[str, Tensor], scale: float
) -> dict[str, tuple[npt.NDArray[np.int8], npt.NDArray[np.int8], Floats]]:
    """The trained factors of each matrix as int8."""
    found = {}
    for name in sorted(learned):
        if name.endswith(".up"):
            _, _, number, matrix, _ = name.split(".")
            down = learned[name.removesuffix("up") + "down"]
            up = learned[name].float().numpy() * np.float32(scale)
            found[f"l{number}.{matrix}"] = deltas.quantised(up, down.float().numpy())
    return found


def ranges(encoder: Encoder, encoded: list[list[int]]) -> dict[str, Floats]:
    """The largest input of each linear map, per channel; the feed-forward's output scales itself."""
    seen: dict[str, list[Tensor]] = defaultdict(list)

    def watch(name: str) -> object:
        def hook(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            seen[name].append(inputs[0].abs().reshape(-1, inputs[0].shape[-1]).float())

        return hook

    names = {"q": "qkv", "ao": "ao", "fi": "fi"}
    for number, layer in enumerate(encoder.layers):
        for matrix in MATRICES:
            if matrix in names:
                module: Low = getattr(layer, matrix)
                module.register_forward_pre_hook(watch(f"l{number}.{names[matrix]}"))
    found: dict[str, list[Floats]] = defaultdict(list)
    for start in range(0, len(encoded), 100):
        embed_with(encoder, encoded[start : start + 100])
        for name, parts in seen.items():
            found[name].append(torch.cat(parts).amax(0).numpy())
        seen.clear()
    return {name: np.quantile(np.stack(parts), 0.9, axis=0).astype(np.float32) for name, parts in found.items()}


def main() -> None:
    """Export from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder of labelled sets")
    parser.add_argument("--learned", type=Path, required=True, help="where `sentiment.train.run` wrote")
    parser.add_argument("--out", type=Path, default=ASSETS)
    args = parser.parse_args()
    torch.set_num_threads(1)
    weights = Weights(find())
    examples = data.training(args.data)
    packed = pack(pieces.choose(weights, [example.text for example in examples]))
    kept = unpack(packed, len(weights.pieces))
    learned = torch.load(args.learned / "factors.pt")
    encoder = Encoder(weights, torch.from_numpy(kept))
    encoder.load_state_dict(
        {n.removeprefix("encoder."): v for n, v in learned.items() if n.startswith("encoder.")}, strict=False
    )
    sample = random.Random(SEED).sample([example.text for example in examples], SAMPLE)  # noqa: S311  # no secret
    found = Deltas(
        packed,
        factors(learned, encoder.layers[-1].q.scale),
        ranges(encoder, tokenise(sample, weights, kept)),
    )
    args.out.mkdir(parents=True, exist_ok=True)
    deltas.save(found, args.out / "deltas.npz")
    shape = weights.shape
    constants = build.tensors(weights, found, kept)
    onnx.save(graph.make(constants, shape.layers, shape.heads, shape.hidden, weights.epsilon), args.out / build.GRAPH)
    with tempfile.TemporaryDirectory() as folder:
        lock = build.build(Path(folder), args.out, None)
    (args.out / "lock.json").write_text(json.dumps(asdict(lock), indent=1) + "\n")
    heads.save(learned_heads(learned), args.out / "heads.npz")


def learned_heads(learned: dict[str, Tensor]) -> heads.Heads:
    """The heads as training left them, over rows of length 1."""
    hidden = learned["heads.sentiment.weight"].shape[1]
    found = {}
    for task, classes in TASKS.items():
        weight = learned[f"heads.{task}.weight"].numpy() * np.float32(hidden**0.5)
        found[task] = heads.Head(task, classes, weight, learned[f"heads.{task}.bias"].numpy(), {})
    return heads.Heads(found)


if __name__ == "__main__":
    main()
