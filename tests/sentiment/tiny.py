"""A checkpoint as small as one can be, built here: `python -m tests.sentiment.tiny FOLDER`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "good", "bad", "table", "@user", "http"]
# Logits that each word adds, in the model's own order: positive, negative, neutral.
WEIGHTS = [
    [0, 0, 0],
    [0, 0, 0.1],
    [0, 0, 1],
    [0, 0, 0],
    [4, 0, 0],
    [0, 4, 0],
    [0, 0, 2],
    [0, 0, 0],
    [0, 0, 0],
]


def build(folder: Path, id2label: dict[str, str]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(VOCABULARY)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    special = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    wrapped = PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=16, **special)
    wrapped.save_pretrained(str(folder))
    config = {"model_type": "bert", "id2label": id2label, "max_position_embeddings": 16}
    (folder / "config.json").write_text(json.dumps(config))
    onnx.save(graph(), str(folder / "model.onnx"))
    return folder


def graph() -> onnx.ModelProto:
    """Sum over the words of a text of their weights, padding left out."""
    nodes = [
        helper.make_node("Gather", ["weights", "input_ids"], ["words"], axis=0),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["mask", "last"], ["column"]),
        helper.make_node("Mul", ["words", "column"], ["seen"]),
        helper.make_node("ReduceSum", ["seen", "one"], ["logits"], keepdims=0),
    ]
    constants = [
        numpy_helper.from_array(np.array(WEIGHTS, np.float32), "weights"),
        numpy_helper.from_array(np.array([2], np.int64), "last"),
        numpy_helper.from_array(np.array([1], np.int64), "one"),
    ]
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "length"])
        for name in ("input_ids", "attention_mask")
    ]
    outputs = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 3])]
    made = helper.make_graph(nodes, "tiny", inputs, outputs, constants)
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


if __name__ == "__main__":
    build(Path(sys.argv[1]), {"0": "Positive", "1": "Negative", "2": "Neutral"})
