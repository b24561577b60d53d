"""`robot-rl replay`: what a person and a program read of a store."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from robot_rl.cli import replay
from robot_rl.cli.filmstrip import film_strip
from robot_rl.core.errors import RobotRLError, UsageError
from robot_rl.core.record import Source
from robot_rl.replay.reader import ReplayReader
from robot_rl.replay.synthetic import synthetic_episode, synthetic_spec
from robot_rl.replay.writer import ReplayWriter


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A demonstration that succeeds, a failure, an episode that is still running."""
    spec = synthetic_spec(16)
    with ReplayWriter.open(tmp_path / "s.zarr", spec, {"task": "reach"}) as writer:
        writer.append(synthetic_episode(spec, 7, terminal=True, source=Source.SCRIPTED))
        writer.append(synthetic_episode(spec, 5, first_seq=7, episode=1))
        writer.append(synthetic_episode(spec, 3, first_seq=12, episode=2, cut=True))
    return tmp_path / "s.zarr"


def call(*words: object) -> int:
    """What `robot-rl WORDS` does."""
    parser = argparse.ArgumentParser()
    replay.add_parser(parser.add_subparsers())
    args = parser.parse_args([str(word) for word in words])
    code = args.run(args)
    assert isinstance(code, int)
    return code


def last_json(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert isinstance(found, dict)
    return found


def test_info(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("replay", "info", store, "--json") == 0
    found = last_json(capsys)
    assert (found["rows"], found["transitions"], found["episodes"], found["episodes_incomplete"]) == (15, 12, 2, 1)
    assert (found["successes"], found["success_rate"], found["task"]) == (1, 0.5, "reach")
    assert found["sources"] == {"scripted": 6, "policy": 6}
    assert found["mean_length"] == 5.0


def test_info_for_people(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("replay", "info", store) == 0
    text = capsys.readouterr().out
    assert "policy 6, scripted 6" in text
    assert "action x" in text


def test_info_of_an_empty_store(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ReplayWriter.open(tmp_path / "e", synthetic_spec(), {}).close()
    assert call("replay", "info", tmp_path / "e") == 0
    assert call("replay", "info", tmp_path / "e", "--json") == 0
    assert last_json(capsys)["success_rate"] is None


def test_verify(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("replay", "verify", store, "--json") == 0
    clean = {"rows": 15, "episodes": 3, "missing_steps": 0, "problems": [], "torn": []}
    assert last_json(capsys) == clean
    chunk = store / "reward" / "c.0"
    chunk.write_bytes(b"\x01" + chunk.read_bytes()[1:])
    assert call("replay", "verify", store) == 1
    assert "rows 0-0 do not match their checksum" in capsys.readouterr().out


def test_verify_excludes_when_asked_to(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chunk = store / "reward" / "c.0"
    chunk.write_bytes(chunk.read_bytes()[:8] + b"\x01" + chunk.read_bytes()[9:])
    assert call("replay", "verify", store) == 1
    assert len(ReplayReader(store).index.transitions) == 12
    assert call("replay", "verify", store, "--exclude", "--json") == 1
    out = capsys.readouterr().out
    assert "1 torn rows are left out by every reader from now on" in out
    assert json.loads(out.splitlines()[-1])["torn"] == [[2, 2]]
    assert ReplayReader(store).index.transitions.tolist() == [0, 3, 4, 5, *range(7, 11), 12, 13]
    assert call("replay", "info", store, "--json") == 0
    told = capsys.readouterr()
    assert json.loads(told.out.splitlines()[-1])["transitions"] == 10
    assert "1 of its 15 steps are left out" in told.err


def test_an_exclusion_that_cannot_be_written_is_a_sentence(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(replay, "write_excluded", refuse)
    with pytest.raises(RobotRLError, match=r"cannot write '.*damaged\.json': Permission denied"):
        call("replay", "verify", store, "--exclude")


def test_compact(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = synthetic_spec(32)
    with ReplayWriter.open(tmp_path / "s", spec, {}, chunk_rows=(8, 16)) as writer:
        writer.append(synthetic_episode(spec, 20))
    assert call("replay", "compact", tmp_path / "s", "--json") == 0
    found = last_json(capsys)
    assert (found["chunks"], found["compressed"], found["raw_bytes"]) == (4, 4, 4 * (16 + 8 * 3072))
    assert found["ratio"] == pytest.approx(found["bytes_before"] / found["bytes_after"], abs=1e-3)  # type: ignore[operator]
    assert call("replay", "compact", tmp_path / "s") == 0
    assert "0 of 4 full image chunks compressed" in capsys.readouterr().out
    (tmp_path / "s" / "image_front" / "c.1.0.0.0").unlink()
    assert call("replay", "compact", tmp_path / "s") == 1
    assert "c.1.0.0.0' is damaged and left as it is" in capsys.readouterr().out


def test_episodes(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("replay", "episodes", store, "--json") == 0
    out = capsys.readouterr().out.splitlines()
    ends = [(e["length"], e["source"], e["end"]) for e in json.loads(out[-1])["episodes"]]
    assert ends == [(6, "scripted", "success"), (4, "policy", "time limit"), (2, "policy", "incomplete")]
    assert len(out) == 5


def test_film(store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("replay", "episodes", store, "--film", 2, tmp_path / "out.png", "--json") == 0
    assert last_json(capsys)["episodes"] == [0, 2]
    image = cv2.imread(str(tmp_path / "out.png"))
    assert image is not None
    assert image.shape == (2 * (2 * 96 + 2) + 8, 12 * 98 - 2, 3)


def test_film_shows_first_and_last_observation(store: Path) -> None:
    reader = ReplayReader(store)
    strip = film_strip(reader, reader.episodes()[0], frames=4, size=16)
    assert np.array_equal(strip[:16, :16], reader.rows([0])["image_wrist"][0])
    assert np.array_equal(strip[-16:, -16:], reader.rows([6])["image_front"][0])


@pytest.mark.parametrize("count", ["0", "x"])
def test_film_of_nothing_is_refused(store: Path, tmp_path: Path, count: str) -> None:
    with pytest.raises(UsageError, match="at least 1"):
        call("replay", "episodes", store, "--film", count, tmp_path / "o.png")
    with pytest.raises(UsageError, match="cannot write"):
        call("replay", "episodes", store, "--film", 1, tmp_path / "none" / "o.png")
