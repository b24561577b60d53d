"""Metrics on disk: one table that a run continues, and the clock read back from it."""

import csv
import resource
from pathlib import Path

import pytest

from robot_rl.learning import logbook
from robot_rl.learning.health import Alarm, Event
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


def test_a_disk_that_refuses_for_a_while_ends_neither_table_nor_tensorboard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logbook, "RETRY_S", 0.0)
    book = Logbook(tmp_path)
    book.write({"wall_s": 1.0, "env_steps": 1.0})
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        for _ in range(3):
            with pytest.raises(OSError, match="File too large"):
                book.write({"wall_s": 2.0, "env_steps": 2.0})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    book.write({"wall_s": 3.0, "env_steps": 3.0})
    book.close()
    assert rows(tmp_path)[0]["wall_s"] == "1" and rows(tmp_path)[-1]["wall_s"] == "3"
    assert len(list((tmp_path / "tensorboard").glob("events*"))) >= 2


def test_the_clock_comes_back_and_a_torn_row_does_not_count(tmp_path: Path) -> None:
    assert last_wall_s(tmp_path) == 0.0
    book = Logbook(tmp_path)
    book.write({"wall_s": 12.5, "env_steps": 10.0})
    book.close()
    with (tmp_path / "metrics.csv").open("a") as file:
        file.write("13.5,1")
    assert last_wall_s(tmp_path) == pytest.approx(12.5)


def test_a_table_begun_with_other_columns_is_continued_with_those(tmp_path: Path) -> None:
    (tmp_path / "metrics.csv").write_text("wall_s,env_steps,alpha\n5,10,0.1\n")
    assert last_wall_s(tmp_path) == 5.0
    book = Logbook(tmp_path)
    book.write({"wall_s": 6.0, "env_steps": 20.0, "alpha": 0.2, "intervention_rate": 0.5})
    book.close()
    assert rows(tmp_path)[1] == {"wall_s": "6", "env_steps": "20", "alpha": "0.2"}
    assert last_wall_s(tmp_path) == 6.0


def test_alarms_have_a_table_that_a_run_continues(tmp_path: Path) -> None:
    for updates in (7, 8):
        book = Logbook(tmp_path)
        book.write_alarm(Event(Alarm.Q_HIGH, updates, "Q reaches 9"), 12.0, 40)
        book.close()
    with (tmp_path / "alarms.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    assert [(row["updates"], row["alarm"], row["wall_s"]) for row in table] == [
        ("7", "Q_HIGH", "12.0"),
        ("8", "Q_HIGH", "12.0"),
    ]
    assert table[0]["advice"] == Alarm.Q_HIGH.value
