"""The encoder's tokenizer over the pieces that are kept: Unigram with SentencePiece's spaces.

https://huggingface.co/docs/tokenizers/api/models#tokenizers.models.Unigram
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from tokenizers import Tokenizer

SPECIAL = ("<s>", "<pad>", "</s>", "<unk>")
"""The first four pieces; their places stay as they are."""

CHARACTERS = 8_000
"""More of a text is not read."""

_HANDLE = re.compile(r"(?<!\w)[@＠][\w.\-]+(?:@[\w.\-]+)?")
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+|\bhttps?\b", re.IGNORECASE)


def prepare(text: str) -> str:
    """What the encoder reads of a text: handles and addresses are hidden, a blank text is a full stop."""
    found = _ADDRESS.sub("http", _HANDLE.sub("@user", text[:CHARACTERS])).strip()
    return found or "."


def pack(kept: npt.NDArray[np.bool_]) -> bytes:
    """Which pieces are kept, as a compressed bitmap."""
    return zlib.compress(np.packbits(kept).tobytes(), 9)


def unpack(packed: bytes, pieces: int) -> npt.NDArray[np.int64]:
    """The ids of the kept pieces in the weights file, ascending."""
    bits = np.unpackbits(np.frombuffer(zlib.decompress(packed), np.uint8), count=pieces)
    return np.flatnonzero(bits).astype(np.int64)


def make(pieces: Sequence[str], scores: npt.NDArray[np.float32]) -> Tokenizer:
    """A tokenizer over these pieces in this order; the first four are `SPECIAL`."""
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

    vocabulary = [(piece, float(score)) for piece, score in zip(pieces, scores.tolist(), strict=True)]
    found = Tokenizer(models.Unigram(vocabulary, unk_id=3, byte_fallback=False))
    found.normalizer = normalizers.Sequence(
        [normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    found.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    found.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    found.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    return found


def read(path: Path) -> Tokenizer:
    """The tokenizer a build has written."""
    from tokenizers import Tokenizer  # only processes that annotate need it

    return Tokenizer.from_file(str(path))
