"""The options of LeRobot export and import do what they say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from robot_rl.cli.main import main
from robot_rl.replay.reader import ReplayReader
from robot_rl.replay.synthetic import synthetic_episode, synthetic_spec
from robot_rl.replay.writer import ReplayWriter


def run(command: str, *words: str) -> int:
    """`robot-rl replay export | import` of LeRobot's format."""
    return main(["replay", command, *words, "--format", "lerobot"])


@pytest.fixture
def store(tmp_path: Path) -> str:
    spec = synthetic_spec()
    with ReplayWriter.open(tmp_path / "s.zarr", spec, {"task": "reach", "robot": "fr3_sim"}) as writer:
        writer.append(synthetic_episode(spec, 5))
    return str(tmp_path / "s.zarr")


def test_export_says_that_film_is_lossy(store: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("export", store, str(tmp_path / "d"), "--json") == 0
    *text, last = capsys.readouterr().out.splitlines()
    assert text[0] == "1 episodes, 4 frames at 10 Hz; images as AV1 film, which is lossy (--lossless keeps every bit)."
    assert json.loads(last)["frames"] == 4
    assert run("export", store, str(tmp_path / "e"), "--lossless", "--fps", "5") == 0
    assert "at 5 Hz; images as PNG, bit for bit." in capsys.readouterr().out


def test_any_option_reads_as_a_foreign_dataset(store: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("export", store, str(tmp_path / "d"), "--lossless")
    run("import", str(tmp_path / "d"), str(tmp_path / "same.zarr"))
    assert len(ReplayReader(tmp_path / "same.zarr")) == 5
    words = ("--camera", "hand=observation.images.wrist", "--image-size", "2", "--task", "push", "--rate", "5")
    run("import", str(tmp_path / "d"), str(tmp_path / "foreign.zarr"), *words)
    foreign = ReplayReader(tmp_path / "foreign.zarr")
    assert (len(foreign), foreign.meta["task"], foreign.spec.observation.cameras) == (2, "push", ("hand",))
    assert "its action was dropped" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--camera", "wrist"), "write NAME=FEATURE"),
        (("--image-size", "0"), "image size is 0"),
        (("--rate", "0"), "rate is 0.0 Hz"),
    ],
)
def test_wrong_options_are_refused(
    store: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, str], sentence: str
) -> None:
    run("export", store, str(tmp_path / "d"), "--lossless")
    assert run("import", str(tmp_path / "d"), str(tmp_path / "no.zarr"), *words) == 2
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "no.zarr").exists()


def test_one_dataset_makes_one_store(store: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("import", "a", "b", str(tmp_path / "no.zarr")) == 2
    assert "2 datasets were given" in capsys.readouterr().err
