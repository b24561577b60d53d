"""Rows gathered by several threads are the rows asked for."""

from __future__ import annotations

import os
import signal

import numpy as np
import pytest

from robot_rl.replay import gather as module
from robot_rl.replay.gather import gather

SOURCE = np.arange(500 * 1000, dtype=np.uint32).reshape(500, 10, 100)


@pytest.fixture(autouse=True)
def many_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three threads and small parts, whatever the machine."""
    monkeypatch.setattr(module, "_threads", lambda: 3)
    monkeypatch.setattr(module, "PART_BYTES", 10_000)
    module._pool.cache_clear()


@pytest.mark.parametrize("count", [0, 1, 4, 5, 6, 7, 256])
def test_rows_in_the_order_asked(count: int) -> None:
    """One part, several, and numbers of rows that do not divide by them."""
    rows = np.random.default_rng(count).integers(0, 500, count)
    assert np.array_equal(gather(SOURCE, rows), SOURCE[rows])
    out = np.full((count, 10, 100), 7, np.uint32)
    assert gather(SOURCE, rows, out) is out
    assert np.array_equal(out, SOURCE[rows])


def test_into_every_second_row() -> None:
    """As one camera's images of a batch that is not contiguous."""
    out, rows = np.zeros((200, 2, 10, 100), np.uint32), np.arange(100, 300)
    gather(SOURCE, rows, out[:, 1])
    assert np.array_equal(out[:, 1], SOURCE[100:300])
    assert not out[:, 0].any()


def test_large_gathers_use_threads_and_small_ones_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes, real = list[int](), module._pool()
    monkeypatch.setattr(real, "submit", lambda *task: sizes.append(len(task[2])) or real.__class__.submit(real, *task))
    gather(SOURCE, np.arange(4))
    assert sizes == []
    gather(SOURCE, np.arange(256))
    assert sizes == [85, 86]


def test_in_a_forked_process() -> None:
    """The parent's threads are not there."""
    gather(SOURCE, np.arange(256))
    child = os.fork()
    if not child:
        signal.alarm(20)
        os._exit(0 if np.array_equal(gather(SOURCE, np.arange(256)), SOURCE[:256]) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
