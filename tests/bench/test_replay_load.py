"""Only what others do counts as other load."""

from __future__ import annotations

import subprocess
import sys
import time
from types import SimpleNamespace

import pytest

from robot_rl.bench import replay_load
from robot_rl.bench.replay_load import OtherLoad


def test_others_less_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """In 10 s the machine worked 15 s, of which 8 s are ours: others had 0.7 cores. Idle and waiting are no work."""
    ticks = 100
    now = {"stat": [100, 0, 50, 7, 7, 0, 0, 0], "own": 1.0, "clock": 0.0}

    class Stat:
        def __init__(self, path: str) -> None:
            assert path == "/proc/stat"

        def read_text(self) -> str:
            return f"cpu  {' '.join(str(ticks * value) for value in now['stat'])} 0 0\ncpu0 1 1\n"

    times = lambda: SimpleNamespace(user=now["own"], system=0.0, children_user=1.0, children_system=0.0)  # noqa: E731
    monkeypatch.setattr(replay_load, "Path", Stat)
    monkeypatch.setattr(replay_load, "os", SimpleNamespace(times=times, sysconf=lambda name: ticks))
    monkeypatch.setattr(replay_load.time, "perf_counter", lambda: now["clock"])
    load = OtherLoad()
    now |= {"stat": [107, 2, 53, 900, 800, 1, 1, 1], "own": 9.0, "clock": 10.0}
    assert load.cores() == pytest.approx(0.7)


def test_a_busy_child_is_seen() -> None:
    load = OtherLoad()
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as child:
        time.sleep(0.5)
        cores = load.cores()
        child.kill()
    assert cores > 0.05
