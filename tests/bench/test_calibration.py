"""Calibration against truth: one whole calibration of each simulated camera; `bench calibration` does twenty."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from robot_rl.bench import calibration
from robot_rl.bench.calibration import LIMITS, MOUNTS, PAIRS, Trial, figures, run_trial
from robot_rl.cli.main import run
from robot_rl.core.errors import UsageError


@pytest.mark.parametrize("camera", MOUNTS)
def test_a_calibration_is_near_the_truth_and_knows_how_near(camera: str) -> None:
    trial = dataclasses.asdict(run_trial(camera, 3, "fr3_sim", "charuco_7x5_30", views=12, samples=9))
    for name, limit in LIMITS.items():
        assert trial[name] < 2.0 * limit, name
    for made, told in PAIRS.items():
        assert trial[told] > 0.0 and trial[made] < 5.0 * trial[told], made


def trial(error: float, told: float) -> Trial:
    return Trial(error, error, told, error, told, error, told, error, told, error, 0)


def test_the_verdict_is_of_errors_and_of_what_they_were_expected_to_be(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def found(error: float, told: float) -> tuple[int, dict[str, Any]]:
        monkeypatch.setattr(calibration, "run_trials", lambda *_: {"front": [trial(error, told)] * 6})
        code = run(["bench", "calibration", "--json"])
        return code, json.loads(capsys.readouterr().out.splitlines()[-1])["front"]

    code, good = found(0.1, 0.1)
    assert code == 0 and good["ok"] and good["made_over_told"]["shift_mm"] == pytest.approx(1.0)
    assert found(0.1, 0.01)[0] == found(0.1, 1.0)[0] == 1, "errors other than those told"
    assert found(3.0, 3.0)[0] == 1, "errors beyond the limits"
    assert figures([trial(0.1, 0.01)])["ok"], "one trial says little of its spread"
    with pytest.raises(UsageError, match="--trials is 0: give at least 1"):
        run(["bench", "calibration", "--trials", "0"])
