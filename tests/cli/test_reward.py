"""`robot-rl reward`: from stores to a classifier, its figures, and stores judged anew."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from robot_rl.cli.main import main
from robot_rl.replay.reader import ReplayReader
from robot_rl.replay.synthetic import synthetic_episode, synthetic_spec
from robot_rl.replay.writer import ReplayWriter

SPEC = synthetic_spec(16)
ROWS = 6
QUICK = ("--steps", "40", "--members", "1", "--batch-size", "16", "--shift", "1")


def write(path: Path, successes: int, failures: int, visible: bool = True, task: str = "lift") -> str:
    """Episodes whose last two images are red where they end in success, if that is `visible`."""
    rng = np.random.default_rng(successes)
    with ReplayWriter.open(path, SPEC, {"task": task, "robot": "r"}) as writer:
        for number in range(successes + failures):
            success = number < successes
            records = synthetic_episode(SPEC, ROWS, first_seq=number * ROWS, episode=number, terminal=success)
            records["reward"] = 0.0
            records["image_wrist"] = rng.integers(0, 90, records["image_wrist"].shape)
            records["image_front"] = rng.integers(0, 90, records["image_front"].shape)
            if success and visible:
                records["image_front"][-2:, ..., 0] = 255
            writer.append(records)
    return str(path)


def train(out: Path, *words: str) -> int:
    return main(["reward", "train", *words, "--out", str(out), "--last", "2", "--json", *QUICK])


def last_json(capsys: pytest.CaptureFixture[str]) -> dict:
    return dict(json.loads(capsys.readouterr().out.splitlines()[-1]))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A classifier's file and the store it was trained on."""
    folder = tmp_path_factory.mktemp("made")
    store = write(folder / "a.zarr", 18, 18)
    assert train(folder / "r.safetensors", store) == 0
    return folder / "r.safetensors", store


def test_train_writes_a_classifier_with_its_figures(tmp_path, capsys):
    first, more = write(tmp_path / "a.zarr", 18, 10), write(tmp_path / "b.zarr", 3, 8)
    assert train(tmp_path / "r.safetensors", first, more) == 0
    found = last_json(capsys)
    assert (found["task"], found["cameras"], found["frames"], found["refused"]) == ("lift", ["wrist", "front"], 2, "")
    assert found["episodes"] == 11 and found["precision"] > 0.95 and found["missed_successes"] == 0


@pytest.mark.parametrize(
    ("visible", "words", "says"),
    [
        (False, (), "is below"),
        (True, ("--min-episodes", "7"), "too few to judge by"),
    ],
)
def test_one_below_its_bound_is_told_and_not_written(tmp_path, capsys, visible, words, says):
    store = write(tmp_path / "a.zarr", 18, 18, visible)
    assert train(tmp_path / "r.safetensors", store, *words) == 1
    out = capsys.readouterr()
    assert says in out.err and "not good enough" in out.err and says in json.loads(out.out.splitlines()[-1])["refused"]
    assert not (tmp_path / "r.safetensors").exists()


def test_check_counts_on_other_stores_and_fails_where_the_bound_is_missed(made, tmp_path, capsys):
    file, _ = made
    other = write(tmp_path / "b.zarr", 7, 6)
    assert main(["reward", "check", str(file), other, "--last", "2", "--json"]) == 0
    assert (found := last_json(capsys))["episodes"] == 13 and found["missed_successes"] == 0
    assert main(["reward", "check", str(file), "--failures", other, "--json", other]) == 1
    out = capsys.readouterr()
    assert json.loads(out.out.splitlines()[-1])["false_successes"] == 7 and "not good enough on these" in out.err


def test_relabel_writes_a_new_store_that_the_classifier_has_judged(made, tmp_path, capsys):
    file, store = made
    seen = write(tmp_path / "c.zarr", 4, 2)
    assert main(["reward", "relabel", seen, "--out", str(tmp_path / "d.zarr"), "--reward", str(file), "--json"]) == 0
    found = last_json(capsys)
    assert (found["episodes"], found["successes"], found["rows"]) == (6, 4, 36)
    reader = ReplayReader(tmp_path / "d.zarr")
    assert [e.reward_sum for e in reader.episodes()] == [1, 1, 1, 1, 0, 0]
    assert main(["reward", "relabel", seen, "--out", store, "--reward", str(file)]) == 2
    assert "exists" in capsys.readouterr().err


def test_what_does_not_fit_is_a_sentence(made, tmp_path, capsys):
    file, store = made
    reach = write(tmp_path / "e.zarr", 1, 1, task="reach")
    for words, says in (
        (("check", str(file), reach), "has task 'reach'"),
        (("relabel", reach, "--out", str(tmp_path / "f.zarr"), "--reward", str(file)), "has task 'reach'"),
        (("relabel", store, "--out", str(tmp_path / "f.zarr"), "--reward", "none"), "cannot read reward classifier"),
        (("train", store, reach, "--out", str(tmp_path / "x")), "the stores are of several tasks (lift, reach)"),
        (("train", write(tmp_path / "g.zarr", 0, 4), "--out", str(tmp_path / "x")), "0 observations of success and"),
        (("train", store, "--out", str(tmp_path / "x"), "--held-out", "2"), "held_out is 2.0, outside"),
    ):
        assert main(["reward", *words]) == 2
        assert says in capsys.readouterr().err
    assert not (tmp_path / "f.zarr").exists() and not (tmp_path / "x").exists()
