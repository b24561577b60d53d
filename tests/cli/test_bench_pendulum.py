"""`robot-rl bench pendulum`: what it prints; whether it learns is what the benchmark is for."""

from __future__ import annotations

import json

import pytest

from robot_rl.bench import pendulum
from robot_rl.cli.main import run
from robot_rl.core.errors import UsageError


@pytest.mark.parametrize("algorithm", ["sac", "td3"])
def test_a_curve_of_returns(
    algorithm: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(pendulum, "START_STEPS", 200)
    assert run(["bench", "pendulum", "--algorithm", algorithm, "--steps", "220", "--json"]) == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert found["algorithm"] == algorithm and len(found["curve"]) == 1 and -2000.0 < found["curve"][0] < 0.0


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pendulum, "gymnasium_installed", lambda: False)
    with pytest.raises(UsageError, match=r"requirements/bench\.txt"):
        run(["bench", "pendulum"])
