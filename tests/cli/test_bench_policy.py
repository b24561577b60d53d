"""`robot-rl bench policy`: what it prints."""

from __future__ import annotations

import json

import pytest

from robot_rl.bench import policy
from robot_rl.cli.main import run
from robot_rl.core.errors import UsageError


def test_figures_of_all_ways_alone_and_beside_a_learner(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(policy, "LEARNER_START_S", 0.0)
    assert run(["bench", "policy", "--repeats", "3", "--json"]) == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    for prefix in ("", "busy_"):
        for name in ("encoder", "sac", "qt_opt"):
            assert 0 < found[f"{prefix}{name}_p50_ms"] <= found[f"{prefix}{name}_p99_ms"]
        assert found[f"{prefix}qt_opt_ratio"] > 0 and found[f"{prefix}sac_ratio"] > 0


def test_nothing_to_measure_is_refused() -> None:
    with pytest.raises(UsageError, match="--repeats is 0"):
        run(["bench", "policy", "--repeats", "0"])
