"""`robot-rl bench replay`: what it prints."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from robot_rl.bench import replay_peers
from robot_rl.cli.main import run
from robot_rl.core.errors import UsageError

PROMISED = (
    "ours_gbps",
    "memcpy_gbps",
    "torchrl_gbps",
    "zarr_gbps",
    "append_p99_ms",
    "append_fsync_p99_ms",
    "bytes_per_transition",
    "frame_bytes_per_transition",
    "open_1m_s",
    "limit_mb",
    "store_mb",
    "peak_anon_mb",
    "peak_rss_mb",
)


def test_quick_figures_without_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(replay_peers, "torchrl_installed", lambda: False)
    assert run(["bench", "replay", "--quick", "--json", "--folder", str(tmp_path)]) == 0
    text = capsys.readouterr()
    found = json.loads(text.out.splitlines()[-1])
    assert set(PROMISED) <= found.keys()
    missing = {name for name, value in found.items() if value is None}
    assert missing == {"torchrl_gbps", "ours_vs_torchrl"}
    assert all(math.isfinite(value) and value >= 0 for name, value in found.items() if name not in missing)
    assert all(found[name] > 0 for name in PROMISED if name not in missing)
    assert found["frame_bytes_per_transition"] == 2 * 16 * 16 * 3
    assert "pip install -r requirements/bench.txt" in text.err
    assert "bench: drawing batches in turns" in text.err
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_hold_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="no folder"):
        run(["bench", "replay", "--folder", str(tmp_path / "missing")])
    monkeypatch.setattr("robot_rl.cli.bench_replay.DISK_GB", 1e9)
    with pytest.raises(UsageError, match="GB free, 1e\\+09 are needed"):
        run(["bench", "replay", "--folder", str(tmp_path)])
