"""The encoder in torch with low-rank factors (LoRA) beside its frozen matrices.

https://arxiv.org/abs/2106.09685; the encoder is BERT's: https://arxiv.org/abs/1810.04805
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sentiment.embedded.deltas import Deltas
from sentiment.embedded.tokenizer import unpack
from sentiment.embedded.weights import Weights

RANK = 16
ALPHA = 32.0
MATRICES = ("q", "k", "v", "ao", "fi", "fo")
TRAINED_FROM = 4
"""The layers below stay as they are: they hold what the languages have in common, and training is a third quicker."""


class Low(nn.Module):
    """A frozen linear map with a trained correction of low rank."""

    def __init__(self, weight: Tensor, bias: Tensor, rank: int) -> None:
        super().__init__()
        self.register_buffer("weight", weight)
        self.register_buffer("bias", bias)
        if rank:
            self.down = nn.Parameter(torch.randn(rank, weight.shape[1]) / weight.shape[1] ** 0.5)
            self.up = nn.Parameter(torch.zeros(weight.shape[0], rank))
        self.scale = ALPHA / rank if rank else 0.0

    def forward(self, x: Tensor) -> Tensor:
        """Shape (…, in) to (…, out)."""
        if not self.scale:
            return F.linear(x, self.weight, self.bias)
        return F.linear(x, self.weight, self.bias) + F.linear(F.linear(x, self.down), self.up) * self.scale


class Layer(nn.Module):
    """Attention and feed-forward, normalised after each."""

    def __init__(self, weights: Weights, number: int, rank: int) -> None:
        super().__init__()
        shape = weights.shape
        self.heads = shape.heads
        self.epsilon = float(weights.epsilon)
        for name in MATRICES:
            columns = shape.inner if name == "fo" else shape.hidden
            matrix = torch.from_numpy(weights.matrix(f"l{number}.{name}.w", columns).copy())
            self.add_module(name, Low(matrix, torch.from_numpy(weights.vector(f"l{number}.{name}.b").copy()), rank))
        for name in ("aln", "oln"):
            for part in ("w", "b"):
                self.register_buffer(name + part, torch.from_numpy(weights.vector(f"l{number}.{name}.{part}").copy()))

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """x of shape (batch, tokens, hidden); mask (batch, 1, 1, tokens), True where a token stands."""
        batch, tokens, hidden = x.shape

        def split(value: Tensor) -> Tensor:
            return value.view(batch, tokens, self.heads, hidden // self.heads).transpose(1, 2)

        mixed = F.scaled_dot_product_attention(split(self.q(x)), split(self.k(x)), split(self.v(x)), attn_mask=mask)
        mixed = self.ao(mixed.transpose(1, 2).reshape(batch, tokens, hidden))
        x = F.layer_norm(x + mixed, (hidden,), self.alnw, self.alnb, self.epsilon)
        inner = self.fo(F.gelu(self.fi(x)))
        return F.layer_norm(x + inner, (hidden,), self.olnw, self.olnb, self.epsilon)


class Encoder(nn.Module):
    """Token ids to one row of length 1 per text."""

    def __init__(self, weights: Weights, kept: Tensor, rank: int = RANK) -> None:
        super().__init__()
        hidden = weights.shape.hidden
        words = torch.from_numpy(weights.matrix("emb.word", hidden, kept.numpy()))
        places = torch.from_numpy(weights.vector("emb.pos").reshape(-1, hidden).copy())
        kind = torch.from_numpy(weights.vector("emb.type")[:hidden].copy())
        self.register_buffer("words", words)
        self.register_buffer("places", places + kind)
        for part in ("w", "b"):
            self.register_buffer("ln" + part, torch.from_numpy(weights.vector(f"emb.ln.{part}").copy()))
        self.epsilon = float(weights.epsilon)
        self.layers = nn.ModuleList(
            Layer(weights, n, rank if n >= TRAINED_FROM else 0) for n in range(weights.shape.layers)
        )

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """ids and mask of shape (batch, tokens); the mean over the tokens that stand, of length 1."""
        x = F.embedding(ids, self.words) + self.places[: ids.shape[1]]
        x = F.layer_norm(x, (x.shape[-1],), self.lnw, self.lnb, self.epsilon)
        seen = None if bool(mask.all()) else mask[:, None, None, :]
        with torch.no_grad():
            for layer in self.layers[:TRAINED_FROM]:
                x = layer(x, seen)
        for layer in self.layers[TRAINED_FROM:]:
            x = layer(x, seen)
        pooled = (x * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        return F.normalize(pooled, dim=-1)


def merged(weights: Weights, learned: Deltas) -> Encoder:
    """The shipped encoder in float32: deltas added, nothing quantised, nothing left to train."""
    kept = torch.from_numpy(unpack(learned.pieces, len(weights.pieces)))
    encoder = Encoder(weights, kept, rank=0)
    for number, layer in enumerate(encoder.layers):
        for name in MATRICES:
            correction = learned.correction(f"l{number}.{name}")
            if correction is not None:
                getattr(layer, name).weight += torch.from_numpy(correction)
    encoder.eval()
    return encoder
