"""A checkpoint end to end: built here, tiny, with ONNX; nothing is downloaded and nothing skipped."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import NotConfigured
from sentiment.checkpoint import columns_of
from sentiment.hub import HubAnnotator
from tests.sentiment.tiny import build


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
