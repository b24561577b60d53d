"""Run directories: names, paths, and what belongs together."""

from __future__ import annotations

import pytest

from robot_rl.config.run_dir import RunDir
from robot_rl.core.errors import UsageError

IDENTITY = {"task": "reach", "cameras": ["wrist", "front"]}


def test_a_name_lies_below_runs_and_a_path_where_it_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert RunDir.named("a").path == tmp_path / "runs" / "a"
    assert RunDir.named("./a").path == tmp_path / "a"
    assert RunDir.named(str(tmp_path / "b")).path == tmp_path / "b"


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_no_name(name):
    with pytest.raises(UsageError, match="is no name"):
        RunDir.named(name)


def test_record_and_check(tmp_path):
    run = RunDir(tmp_path / "run")
    assert run.check(IDENTITY) == {}
    assert not run.path.exists()
    run.record(IDENTITY, "demo", {"x": 1})
    run.record({**IDENTITY, "seed": 3}, "learn", {"x": 2})
    stored = run.check(IDENTITY)
    assert stored["identity"] == {**IDENTITY, "seed": 3}
    assert stored["graphs"] == {"demo": {"x": 1}, "learn": {"x": 2}}


def test_a_list_that_differs_is_shown_as_an_argument(tmp_path):
    run = RunDir(tmp_path / "run")
    run.record(IDENTITY, "demo", {})
    with pytest.raises(UsageError, match="cameras:=wrist,front"):
        run.check({**IDENTITY, "cameras": ["wrist"]})


def test_a_file_is_no_run(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="no run directory"):
        RunDir(tmp_path / "file").read()


def test_what_a_run_holds_before_its_first_record_is_no_stranger(tmp_path):
    for name in ("demos.zarr", "log"):
        (tmp_path / name).mkdir()
    (tmp_path / ".lock").touch()
    assert RunDir(tmp_path).read() == {}
