"""Processes of the running graph die, hang or freeze while the arm moves: it stands in time, and stays.

A case each once, through the benchmark's own session; bounds are 1.5 s wider, for a machine that has other work.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from robot_rl.bench.faults import chosen
from robot_rl.cli.fault_session import FaultSession
from robot_rl.graph import environment

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
SLACK_S, WATCH_S = 1.5, 2.5


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory, free_domain: int) -> Iterator[FaultSession]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.defaults().items():
            patch.setenv(name, value)
        folder, options = tmp_path_factory.mktemp("faults"), {"domain": str(free_domain)}
        with FaultSession("learn", folder, options, WATCH_S) as session:
            yield session


@pytest.mark.parametrize("case", ["policy_stop", "camera_kill", "reward_stop", "joint_states_frozen", "safety_kill"])
def test_the_arm_stands_in_time_and_does_not_move_again(session: FaultSession, case: str) -> None:
    trial = session.trial(chosen(case)[0])
    assert trial.stop.standstill_s is not None, trial
    assert trial.stop.last_motion_s <= trial.limit_s + trial.braking_s + SLACK_S, trial


def test_without_a_learner_the_arm_is_held_after_a_bounded_number_of_steps_and_none_is_lost(
    session: FaultSession,
) -> None:
    trial = session.trial(chosen("learner_stop")[0])
    assert trial.within() and trial.steps > 10, trial
    assert session.lost_steps() == 0
