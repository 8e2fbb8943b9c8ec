"""A checkpoint end to end: built here, tiny, with ONNX; nothing is downloaded and nothing skipped."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

from core.errors import NotConfigured
from sentiment.checkpoint import columns_of
from sentiment.hub import HubAnnotator

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


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("tiny"), {"0": "Positive", "1": "Negative", "2": "Neutral"})


def test_a_checkpoint_with_onnx_annotates(folder: Path) -> None:
    annotator = HubAnnotator(str(folder))
    found = annotator.annotate(["good good", "bad", "table"])
    assert [annotation.sentiment for annotation in found] == ["positive", "negative", "neutral"]
    assert found[0].model == f"hub:{folder}"
    assert found[0].version == annotator.version


def test_answers_do_not_depend_on_what_else_is_in_the_batch(folder: Path) -> None:
    annotator = HubAnnotator(str(folder))
    texts = [("good " * n + "bad table " * (7 - n)).strip() for n in range(8)] * 3
    alone = [annotator.annotate([text])[0].probabilities for text in texts]
    assert [annotation.probabilities for annotation in annotator.annotate(texts)] == alone


def test_a_long_text_is_read_in_windows(folder: Path) -> None:
    text = " ".join(["table"] * 14 + ["bad"] * 28)
    negative, neutral, _ = HubAnnotator(str(folder)).annotate([text])[0].probabilities
    assert negative > neutral > 0.2


def test_names_and_addresses_are_hidden_from_the_model(folder: Path) -> None:
    annotator = HubAnnotator(str(folder))
    plain = annotator.annotate(["good @user http"])[0]
    assert annotator.annotate(["good @mia@example.social https://a.example/b"])[0].probabilities == plain.probabilities


def test_an_empty_text_and_an_empty_batch_are_no_error(folder: Path) -> None:
    annotator = HubAnnotator(str(folder))
    assert annotator.annotate([]) == []
    assert annotator.annotate([""])[0].language == "und"


def test_outputs_without_meaning_must_be_named(tmp_path: Path) -> None:
    build(tmp_path, {"0": "LABEL_0", "1": "LABEL_1", "2": "LABEL_2"})
    with pytest.raises(NotConfigured, match="LABEL_0, LABEL_1, LABEL_2"):
        HubAnnotator(str(tmp_path))
    named = HubAnnotator(f"{tmp_path}#positive,negative,neutral")
    assert named.annotate(["bad"])[0].sentiment == "negative"


def test_stars_become_three_classes() -> None:
    config = {"id2label": {str(n): f"{n + 1} star{'s' if n else ''}" for n in range(5)}}
    assert columns_of(config, (), "m") == (0, 0, 1, 2, 2)


def test_two_classes_have_no_neutral() -> None:
    assert columns_of({"id2label": {"0": "NEGATIVE", "1": "POSITIVE"}}, (), "m") == (0, 2)


def test_a_checkpoint_without_onnx_names_the_extra(tmp_path: Path) -> None:
    build(tmp_path, {"0": "pos", "1": "neg", "2": "neu"})
    (tmp_path / "model.onnx").unlink()
    with pytest.raises(NotConfigured, match=r"\.\[torch\]"):
        HubAnnotator(str(tmp_path))


def test_a_model_that_is_not_here_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(NotConfigured, match="give its path"):
        HubAnnotator("nobody/no-such-model")


def test_a_folder_that_is_no_checkpoint_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotConfigured, match=r"config\.json"):
        HubAnnotator(str(tmp_path))


def test_the_version_follows_the_content(folder: Path, tmp_path: Path) -> None:
    other = build(tmp_path / "other", {"0": "Negative", "1": "Positive", "2": "Neutral"})
    assert HubAnnotator(str(folder)).version != HubAnnotator(str(other)).version
