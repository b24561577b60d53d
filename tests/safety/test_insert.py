"""Contact through the safety filter: inserting a peg trips nothing, and forcing it is answered by giving way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest

from robot_rl.core.record import Source
from robot_rl.robot.sim_arm import SimArm
from robot_rl.robot.spec import load_robot
from robot_rl.robot.tasks import load_task
from robot_rl.robot.twin import KinematicTwin
from robot_rl.safety.filter import SafetyFilter
from robot_rl.safety.follower import ActionInForce, Follower
from robot_rl.safety.reasons import Reason
from robot_rl.teleop.scripted import ScriptedExpert

ROBOT, TASK = load_robot("fr3_peg"), load_task("insert")
PERIOD, STEPS = 0.1, 40


class Cell:
    """The simulated arm behind the filter; `lag` is the largest joint distance of command and arm [rad] so far."""

    def __init__(self) -> None:
        self.arm = SimArm(ROBOT, TASK, seed=7)
        self.filter = SafetyFilter(ROBOT, KinematicTwin(ROBOT), TASK.workspace)
        self.reasons: Counter[Reason] = Counter()
        self.lag = 0.0

    def episode(self, act: Callable[[np.ndarray], np.ndarray]) -> tuple[bool, int]:
        """Success and steps of one episode under `act`, which sees the state."""
        self.arm.home()
        self.arm.randomize()
        self.filter.start_at(np.array(ROBOT.home))
        follower = Follower(ROBOT, self.filter, TASK.workspace, PERIOD, silence=1e6)
        for step in range(1, STEPS + 1):
            follower.take(ActionInForce(Source.SCRIPTED, step, act(self.arm.state()), 0.0, step))
            self._period(follower)
            if TASK.outcome(self.arm.state()).success:
                return True, step
        return False, STEPS

    def _period(self, follower: Follower) -> None:
        dt = 1.0 / ROBOT.command.rate_hz
        for _ in range(round(PERIOD / dt)):
            self.filter.measured, self.filter.effort = self.arm.joint_positions, self.arm.joint_efforts
            before = self.filter.tcp.quaternion
            motion = follower.tick(0)
            follower.note(motion, before)
            self.reasons.update(motion.reasons)
            self.arm.command(motion.q, follower.opening)
            self.arm.advance(dt)
            self.lag = max(self.lag, float(np.abs(self.arm.joint_positions - self.filter.q).max()))


def test_the_expert_inserts_and_no_limit_of_force_acts() -> None:
    cell, expert = Cell(), ScriptedExpert(TASK, ROBOT, noise=0.05, seed=1)
    results = [(expert.reset(), cell.episode(expert.act))[1] for _ in range(10)]
    assert all(success for success, _ in results)
    assert max(steps for _, steps in results) < 40
    forced = {Reason.EFFORT, Reason.HELD_BACK, Reason.TRACKING, Reason.INFEASIBLE, Reason.COLLISION, Reason.ORIENTATION}
    assert not forced & set(cell.reasons)
    assert cell.lag < ROBOT.limits.leash


@pytest.mark.parametrize("seed", [0, 1])
def test_wild_actions_against_the_socket_are_no_fault(seed: int) -> None:
    cell, rng = Cell(), np.random.default_rng(seed)
    for _ in range(3):
        cell.episode(lambda state: np.clip(rng.normal([0.0, 0.0, -0.4, 0.0], 0.6), -1.0, 1.0))
    assert cell.lag < ROBOT.limits.tracking_fault
    assert not {Reason.INFEASIBLE, Reason.TRACKING} & set(cell.reasons)
    assert cell.arm.data.site("peg_tip").xpos[2] > 0.0
