"""Reward from the simulator's state."""

from __future__ import annotations

import numpy as np
import pytest

from robot_rl.core.errors import SchemaError
from robot_rl.rewards.simulator import SimulatorReward
from robot_rl.robot.tasks import load_task

NEAR = [0.45, 0.0, 0.2, 0.04, 0.45, 0.01, 0.2]
FAR = [0.45, 0.0, 0.2, 0.04, 0.45, 0.10, 0.2]


def test_judges_as_the_task_does() -> None:
    task = load_task("reach")
    reward = SimulatorReward(task)
    for state in (NEAR, FAR):
        assert reward.outcome(np.array(state)) == task.outcome(np.array(state))
    assert reward.outcome(np.array(NEAR)).success
    assert not reward.outcome(np.array(FAR)).success


@pytest.mark.parametrize("state", [NEAR[:6], [*NEAR[:6], np.nan], [*NEAR, 1.0]])
def test_state_of_another_shape_or_not_finite_is_refused(state: list[float]) -> None:
    with pytest.raises(SchemaError, match="not judged"):
        SimulatorReward(load_task("reach")).outcome(np.array(state))
