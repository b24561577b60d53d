"""Metrics on disk: one table that a run continues, and the clock read back from it."""

import csv
from pathlib import Path

import pytest

from robot_rl.learning.logbook import Logbook, last_wall_s


def rows(run_dir: Path) -> list[dict[str, str]]:
    with (run_dir / "metrics.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_run_that_goes_on_appends_to_the_same_table(tmp_path: Path) -> None:
    for wall in (1.0, 2.0):
        book = Logbook(tmp_path)
        book.write({"wall_s": wall, "env_steps": 10.0, "q_mean": 0.5, "unknown": 1.0})
        book.close()
    assert [row["wall_s"] for row in rows(tmp_path)] == ["1", "2"]
    assert rows(tmp_path)[0]["q_mean"] == "0.5" and rows(tmp_path)[0]["alpha"] == ""
    assert list((tmp_path / "tensorboard").glob("events*"))


def test_the_clock_comes_back_and_a_torn_row_does_not_count(tmp_path: Path) -> None:
    assert last_wall_s(tmp_path) == 0.0
    book = Logbook(tmp_path)
    book.write({"wall_s": 12.5, "env_steps": 10.0})
    book.close()
    with (tmp_path / "metrics.csv").open("a") as file:
        file.write("13.5,1")
    assert last_wall_s(tmp_path) == pytest.approx(12.5)
