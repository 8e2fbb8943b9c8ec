"""A classification checkpoint from a folder or the Hugging Face Hub: its files, labels and runner.

Checkpoints that carry an ONNX file run on onnxruntime; others need torch (the extra `torch`).
https://huggingface.co/docs/huggingface_hub/guides/download
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from core.errors import NotConfigured

ONNX_FILES = (
    "model.onnx",
    "onnx/model.onnx",
    "onnx/model_fp16.onnx",
    "onnx/model_quantized.onnx",
    "onnx/model_int8.onnx",
    "model_quantized.onnx",
    "model_optimized.onnx",
)
"""Where checkpoints keep it, the exact one first."""

_TEXT_FILES = ("*.json", "*.txt", "*.model", "*.spm")
_TORCH_FILES = ("*.safetensors",)
_NAMES = {
    "negative": ("negative", "neg", "negativ", "ネガティブ", "否定", "-1", "1 star", "2 stars"),
    "neutral": ("neutral", "neu", "ニュートラル", "中立", "0", "3 stars"),
    "positive": ("positive", "pos", "positiv", "ポジティブ", "肯定", "1", "4 stars", "5 stars"),
}
_CLASS_OF = {name: label for label, names in _NAMES.items() for name in names}
_ORDER = ("negative", "neutral", "positive")

Tokens = Mapping[str, npt.NDArray[np.int64]]


class Runner(Protocol):
    """Token arrays of one batch in, logits out."""

    def __call__(self, tokens: Tokens) -> npt.NDArray[np.float32]:
        """Shape (batch, labels of the checkpoint)."""
        ...


@dataclass(frozen=True)
class Checkpoint:
    """Everything needed to classify. `columns` says for each label of the model which class it is."""

    name: str
    version: str
    tokenizer: Any
    runner: Runner
    columns: tuple[int, ...]
    max_tokens: int


def load(model: str, labels: Sequence[str] = (), threads: int = 1) -> Checkpoint:
    """Load a folder or a Hub id; NotConfigured says what is missing and what to do.

    `labels` names the model's outputs in order where its configuration does not; `threads` are those
    of onnxruntime within one operation.
    """
    folder = Path(model).expanduser()
    local = folder.is_dir()
    folder = folder if local else _download(model)
    config = _config(folder, model)
    columns = columns_of(config, labels, model)
    onnx = next((folder / name for name in ONNX_FILES if (folder / name).is_file()), None)
    runner = _onnx_runner(onnx, threads) if onnx else _torch_runner(folder, model)
    tokenizer = _tokenizer(folder, model)
    version = folder.name[:12] if not local else _digest(folder, onnx)
    return Checkpoint(model, version, tokenizer, runner, columns, _max_tokens(tokenizer, config))


def columns_of(config: Mapping[str, Any], labels: Sequence[str], model: str) -> tuple[int, ...]:
    """For each output of the model: 0 negative, 1 neutral, 2 positive.

    Stars count as 1-2, 3 and 4-5. Names that say nothing (`LABEL_0`) must be given by hand.
    """
    named = config.get("id2label") or {}
    names = list(labels) or [str(named[key]) for key in sorted(named, key=int)]
    classes = [_CLASS_OF.get(name.strip().lower().replace("_", " ")) for name in names]
    outputs = len(named) or len(names)
    if len(names) < 2 or None in classes or len(names) != outputs or not {"negative", "positive"} <= {*classes}:
        raise NotConfigured(
            f"The outputs of {model} are called {', '.join(names) or 'nothing'}: that does not say which is "
            f"negative and which is positive. Name all {outputs} of them in their order, for example "
            f"`hub:{model}#negative,neutral,positive`."
        )
    return tuple(_ORDER.index(name) for name in classes if name)


def _download(model: str) -> Path:
    hub = importlib.import_module("huggingface_hub")
    try:
        return Path(hub.snapshot_download(model, local_files_only=True, allow_patterns=[*_TEXT_FILES, *ONNX_FILES]))
    except Exception:  # noqa: S110  # not on this machine yet; the reason does not matter, the Hub is next
        pass
    try:
        present = hub.HfApi().list_repo_files(model)
        onnx = next((name for name in ONNX_FILES if name in present), None)
        weights = [onnx, f"{onnx}_data"] if onnx else list(_TORCH_FILES)
        return Path(hub.snapshot_download(model, allow_patterns=[*_TEXT_FILES, *weights]))
    except Exception as error:
        raise NotConfigured(
            f"The model {model} is neither a folder nor on this machine, and it could not be fetched from "
            f"the Hugging Face Hub ({type(error).__name__}). Check the name and the network, or copy the "
            "checkpoint to a folder and give its path."
        ) from error


def _config(folder: Path, model: str) -> dict[str, Any]:
    try:
        config: dict[str, Any] = json.loads((folder / "config.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise NotConfigured(f"{model} has no readable config.json: it is not a transformers checkpoint.") from error
    return config


def _tokenizer(folder: Path, model: str) -> Any:
    transformers = importlib.import_module("transformers")
    try:
        return transformers.AutoTokenizer.from_pretrained(str(folder), local_files_only=True, use_fast=True)
    except (OSError, ValueError, ImportError, TypeError) as error:
        raise NotConfigured(
            f"The tokenizer of {model} cannot be loaded ({error}). The checkpoint needs a tokenizer.json."
        ) from error


def _max_tokens(tokenizer: Any, config: Mapping[str, Any]) -> int:
    positions = int(config.get("max_position_embeddings") or 512)
    if config.get("model_type") in {"roberta", "xlm-roberta", "camembert"}:
        positions -= int(config.get("pad_token_id") or 1) + 1  # their positions start after the padding
    return max(8, min(512, positions, int(min(tokenizer.model_max_length, 1_000_000))))


def _onnx_runner(file: Path, threads: int) -> Runner:
    runtime = importlib.import_module("onnxruntime")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    try:
        session = runtime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise NotConfigured(f"onnxruntime cannot load {file.name}: {error}") from error
    wanted = {node.name: np.int32 if "int32" in node.type else np.int64 for node in session.get_inputs()}

    def run(tokens: Tokens) -> npt.NDArray[np.float32]:
        shape = tokens["input_ids"].shape
        feed = {name: tokens.get(name, np.zeros(shape, dtype)).astype(dtype) for name, dtype in wanted.items()}
        logits: npt.NDArray[np.float32] = np.asarray(session.run(None, feed)[0], np.float32)
        return logits

    return run


def _torch_runner(folder: Path, model: str) -> Runner:
    if importlib.util.find_spec("torch") is None:
        raise NotConfigured(
            f"{model} has no ONNX file ({', '.join(ONNX_FILES[:2])}). Install torch with "
            "`.venv/bin/pip install -e '.[torch]'` in the project's folder, or export it once with "
            "`optimum-cli export onnx` and give the folder."
        )
    torch = importlib.import_module("torch")
    transformers = importlib.import_module("transformers")
    network = transformers.AutoModelForSequenceClassification.from_pretrained(str(folder), local_files_only=True)
    network.eval()

    def run(tokens: Tokens) -> npt.NDArray[np.float32]:
        with torch.inference_mode():
            logits = network(**{name: torch.from_numpy(array) for name, array in tokens.items()}).logits
        return np.asarray(logits.float().numpy(), np.float32)

    return run


def _digest(folder: Path, onnx: Path | None) -> str:
    total = hashlib.sha256()
    for file in sorted({folder / "config.json", folder / "tokenizer.json", *([onnx] if onnx else [])}):
        if file.is_file():
            with file.open("rb") as stream:
                total.update(hashlib.file_digest(stream, "sha256").digest())
    return total.hexdigest()[:12]
