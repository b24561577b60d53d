"""`verify` finds what is wrong and names it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from robot_rl.core.errors import RobotRLError
from robot_rl.core.record import StepSpec
from robot_rl.replay.commit import commit_path
from robot_rl.replay.reader import ReplayReader
from robot_rl.replay.synthetic import synthetic_episode
from robot_rl.replay.verify import verify


def flip(path: Path, offset: int) -> None:
    """Invert one byte of a file."""
    with path.open("r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ 0xFF]))


def test_whole_store_is_clean(store: Callable[..., Path], spec: StepSpec) -> None:
    done: list[int] = []
    path = store(synthetic_episode(spec, 20), synthetic_episode(spec, 20, first_seq=20, episode=1, terminal=True))
    found = verify(path, lambda rows, total: done.append(rows))
    assert (found.rows, found.episodes, found.missing_steps, found.problems) == (40, 2, 0, ())
    assert done[-1] == 40


@pytest.mark.parametrize("name", ["image_front/c.1.0.0.0", "proprio/c.0.0", "reward/c.0", "checksum/c.0"])
def test_flipped_byte_is_found(store: Callable[..., Path], spec: StepSpec, name: str) -> None:
    path = store(synthetic_episode(spec, 20))
    image = name.startswith("image")
    flip(path / name, 16 + 2 * 48 + 5 if image else 4 * (12 if name.startswith("proprio") else 1))
    row = 10 if image else 4 if name.startswith("proprio") else 1
    assert [p for p in verify(path).problems if f"rows {row}-{row} do not match their checksum" in p]


def test_damaged_files_are_named(store: Callable[..., Path], spec: StepSpec) -> None:
    path = store(synthetic_episode(spec, 40))
    os.truncate(path / "image_wrist" / "c.3.0.0.0", 77)
    (path / "action" / "c.1.0").unlink()
    text = "\n".join(verify(path).problems)
    assert "c.3.0.0.0' has 77 bytes, not 400: rows 25-31" in text
    assert "c.1.0' is missing: rows 16-31" in text
    assert "checksum" not in text, "rows known to be lost need no second sentence"


def test_damage_of_more_than_a_byte_is_placed_as_well_as_it_can_be(store: Callable[..., Path], spec: StepSpec) -> None:
    path = store(synthetic_episode(spec, 20))
    for offset in (16 + 2 * 48 + 5, 16 + 2 * 48 + 9, 16 + 4 * 48):
        flip(path / "image_front" / "c.1.0.0.0", offset)
    likely = "', '".join(str(path / f"image_{camera}" / "c.1.0.0.0") for camera in ("wrist", "front"))
    problems = verify(path).problems
    assert problems[0].startswith("rows 10-10 do not match their checksum: more than one byte")
    assert problems[0].endswith(f"most likely in '{likely}'")
    assert problems[1].startswith("rows 12-12 do not match their checksum: one byte of it")


def test_damaged_metadata_is_named(store: Callable[..., Path], spec: StepSpec) -> None:
    """Also where zarr would read it, but wrongly; what others add to it is not damage."""
    path = store(synthetic_episode(spec, 20))
    (path / "seq" / "zarr.json").unlink()
    for name, old, new in (
        ("reward", '"float32"', '"int32"'),
        ("action", "16", "8"),
        ("proprio", "joint_1", "joint_7"),
    ):
        file = path / name / "zarr.json"
        file.write_text(file.read_text().replace(old, new, 1))
    (path / "commit" / "zarr.json").write_text("[]")
    file = path / "source" / "zarr.json"
    file.write_text(
        json.dumps({**json.loads(file.read_text()), "attributes": {"note": "mine"}, "dimension_names": None})
    )
    named = [problem.split("'")[1] for problem in verify(path).problems if "is damaged" in problem]
    names = ("seq", "reward", "action", "proprio", "commit")
    assert sorted(named) == sorted(str(path / name / "zarr.json") for name in names)
    assert ReplayReader(path).damaged == []


def test_lost_and_damaged_steps_are_told_apart(store: Callable[..., Path], spec: StepSpec) -> None:
    """A row that cannot be read did arrive."""
    path = store(np.delete(synthetic_episode(spec, 30), [3, 4]))
    flip(path / "seq" / "c.0", 8 * 9 + 7)
    os.truncate(path / "image_wrist" / "c.1.0.0.0", 16 + 5 * 48)
    found = verify(path)
    assert found.missing_steps == 2
    assert len(found.problems) == 2


def test_lost_steps_are_counted(store: Callable[..., Path], spec: StepSpec) -> None:
    found = verify(store(np.delete(synthetic_episode(spec, 10), [3, 4])))
    assert (found.missing_steps, found.problems) == (2, ())


def test_impossible_flags_are_found(store: Callable[..., Path], spec: StepSpec) -> None:
    records = synthetic_episode(spec, 6)
    records["is_terminal"][2] = 1
    records["reward"][4] = np.nan
    assert [p for p in verify(store(records)).problems if "flags or numbers" in p] == [
        "rows 2-2 hold flags or numbers that no step can have",
        "rows 4-4 hold flags or numbers that no step can have",
    ]


def test_one_torn_slot_of_the_commit_record_is_survived(store: Callable[..., Path], spec: StepSpec) -> None:
    """The other slot still holds the commit before; with both gone nothing is guessed."""
    records = synthetic_episode(spec, 10)
    store(records[:4])
    path = store(records[4:])
    record = commit_path(path).read_bytes()
    newest = max((0, 1), key=lambda slot: int.from_bytes(record[16 * slot : 16 * slot + 8], "little"))
    assert len(ReplayReader(path)) == 10
    flip(commit_path(path), 16 * newest)
    assert len(ReplayReader(path)) == 4
    assert verify(path).problems[0].startswith(f"slot {newest} of the commit record '{commit_path(path)}' is damaged")
    flip(commit_path(path), 16 * (1 - newest) + 8)
    with pytest.raises(RobotRLError, match=r"commit record .* is damaged"):
        ReplayReader(path)
    commit_path(path).unlink()
    with pytest.raises(RobotRLError, match=r"commit record .* cannot be read, No such file"):
        ReplayReader(path)
