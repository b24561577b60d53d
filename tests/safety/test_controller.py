"""The safety controller against the simulated arm: what it lets through, what it holds, and how it resets."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest

from robot_rl.config.nodes import SafetyNodeConfig
from robot_rl.config.robot import RobotConfig
from robot_rl.core.record import Source
from robot_rl.robot.sim_arm import SimArm
from robot_rl.robot.spec import load_robot
from robot_rl.robot.tasks import load_task
from robot_rl.robot.twin import KinematicTwin
from robot_rl.safety.controller import SafetyController
from robot_rl.safety.reasons import Mode, Reason


@dataclass
class Rig:
    """A controller driving a simulated arm, tick by tick; checks every command against the limits."""

    robot: RobotConfig = field(default_factory=lambda: load_robot("fr3_sim"))
    now: int = 1_000_000_000

    def __post_init__(self) -> None:
        self.dt = 1.0 / self.robot.command.rate_hz
        task = load_task("lift")
        self.workspace = task.workspace or self.robot.workspace
        self.controller = SafetyController(SafetyNodeConfig(lockstep=True), self.robot, task.workspace)
        self.arm, self.twin = SimArm(self.robot, task), KinematicTwin(self.robot)
        self.last_q: np.ndarray | None = None
        self.last_dq = np.zeros(len(self.robot.joints))

    def tick(self, state: bool = True) -> None:
        """One command and one step of the arm."""
        self.now += round(self.dt * 1e9)
        if state:
            self.controller.on_state(self.now, self.arm.joint_positions)
        command = self.controller.tick(self.now)
        assert command is not None
        self._check(command.q)
        self.arm.command(command.q, command.opening)
        self.arm.advance(self.dt)

    def _check(self, q: np.ndarray) -> None:
        limits = self.robot.limits
        assert np.isfinite(q).all()
        assert (q >= limits.position_lower).all() and (q <= limits.position_upper).all()
        if self.last_q is not None:
            dq = (q - self.last_q) / self.dt
            assert (np.abs(dq) <= np.array(limits.velocity) + 1e-6).all()
            assert (np.abs(dq - self.last_dq) <= np.array(limits.acceleration) * self.dt * (1 + 1e-6) + 1e-9).all()
            self.last_dq = dq
        self.last_q = q

    def to_home(self) -> None:
        """Reset and start."""
        self.controller.on_state(self.now, self.arm.joint_positions)
        assert self.controller.reset() == ""
        for _ in range(1500):
            self.tick()
            if self.controller.at_home:
                break
        self.controller.task_was_reset()
        assert self.controller.mode is Mode.READY
        assert self.controller.start() == ""

    def act(self, action: np.ndarray) -> Reason | None:
        """One action for its whole period."""
        refused = self.controller.on_action(Source.POLICY, self.now, action, self.now)
        for _ in range(round(0.1 / self.dt)):
            self.tick()
        return refused


@pytest.fixture
def rig() -> Iterator[Rig]:
    """A rig at home, following actions."""
    rig = Rig()
    rig.to_home()
    yield rig
    rig.arm.close()


def test_a_gentle_action_is_executed_as_proposed(rig: Rig) -> None:
    rig.act(np.array([0.5, -0.3, 0.2, 1.0]))
    (done,) = rig.controller.executed
    assert done.action == pytest.approx([0.5, -0.3, 0.2, 1.0], abs=0.02)
    assert done.source is Source.POLICY


def test_the_executed_action_tells_what_the_workspace_took_away(rig: Rig) -> None:
    for _ in range(40):
        rig.act(np.array([0.0, 0.0, -1.0, 1.0]))
    assert rig.controller.executed[0].action[2] == pytest.approx(-1.0, abs=0.05)
    assert rig.controller.executed[-1].action[2] == pytest.approx(0.0, abs=0.02)
    assert Reason.WORKSPACE in rig.controller.executed[-1].reasons
    assert rig.controller.counts[Reason.WORKSPACE] > 0


def test_any_actions_keep_the_limits_and_the_measured_tcp_in_the_workspace(rig: Rig) -> None:
    rng = np.random.default_rng(0)
    lower, upper = np.array(rig.workspace.lower), np.array(rig.workspace.upper)
    for number in range(150):
        scale = (3.0, 1.0, 0.3)[number % 3]
        rig.act(np.clip(rng.normal(size=4) * scale, -1, 1))
        tcp = rig.twin.tcp_pose(rig.arm.joint_positions).position
        assert (tcp > lower - 0.01).all() and (tcp < upper + 0.01).all()


@pytest.mark.parametrize(
    ("action", "reason"),
    [(np.full(4, np.nan), Reason.NOT_FINITE), (np.zeros(3), Reason.WRONG_SIZE)],
    ids=["nan", "size"],
)
def test_a_bad_action_is_refused_counted_and_moves_nothing(rig: Rig, action: np.ndarray, reason: Reason) -> None:
    before = rig.arm.joint_positions
    assert rig.act(action) is reason
    assert rig.controller.counts[reason] == 1
    assert rig.arm.joint_positions == pytest.approx(before, abs=2e-3)


def test_a_stale_action_is_refused(rig: Rig) -> None:
    assert rig.controller.on_action(Source.POLICY, rig.now - 10**9, np.zeros(4), rig.now) is Reason.STALE_COMMAND


def test_nothing_moves_the_robot_before_start() -> None:
    rig = Rig()
    rig.controller.on_state(rig.now, rig.arm.joint_positions)
    assert rig.act(np.ones(4)) is Reason.WRONG_MODE
    rig.arm.close()


def test_without_a_new_action_the_robot_comes_to_rest(rig: Rig) -> None:
    rig.act(np.array([1.0, 0.0, 0.0, 1.0]))
    for _ in range(40):
        rig.tick()
    assert rig.controller.still


def test_stale_joint_states_hold_the_robot_and_are_counted(rig: Rig) -> None:
    rig.controller.on_action(Source.POLICY, rig.now, np.array([1.0, 0.0, 0.0, 1.0]), rig.now)
    for _ in range(60):
        rig.tick(state=False)
    assert rig.controller.counts[Reason.STATE_STALE] > 0 and rig.controller.still


def test_joint_states_with_nan_are_refused(rig: Rig) -> None:
    assert not rig.controller.on_state(rig.now, np.full(7, np.nan))
    assert rig.controller.counts[Reason.STATE_INVALID] == 1


def test_efforts_of_another_size_are_refused_and_too_large_ones_stop_the_robot(rig: Rig) -> None:
    assert not rig.controller.on_state(rig.now, rig.arm.joint_positions, np.zeros(3))
    assert rig.controller.counts[Reason.STATE_INVALID] == 1
    strained = np.array(rig.robot.limits.effort) + 1.0
    for _ in range(30):
        rig.controller.on_action(Source.POLICY, rig.now, np.array([1.0, 0.0, 0.0, 1.0]), rig.now)
        rig.now += round(rig.dt * 1e9)
        rig.controller.on_state(rig.now, rig.arm.joint_positions, strained)
        assert rig.controller.tick(rig.now) is not None
    assert rig.controller.counts[Reason.EFFORT] > 0 and rig.controller.still


def test_the_estop_latches_until_a_person_clears_it(rig: Rig) -> None:
    rig.controller.on_action(Source.POLICY, rig.now, np.array([1.0, 0.0, 0.0, 1.0]), rig.now)
    rig.tick()
    rig.controller.estop()
    for _ in range(40):
        rig.tick()
    assert rig.controller.still
    assert rig.controller.start() and rig.controller.reset() and rig.controller.stop()
    assert rig.act(np.ones(4)) is Reason.WRONG_MODE
    rig.controller.clear_estop()
    assert rig.controller.mode is Mode.IDLE
    assert rig.controller.reset() == ""


def test_a_reset_from_a_far_low_corner_arrives_home_inside_the_limits(rig: Rig) -> None:
    for _ in range(25):
        rig.act(np.array([1.0, 1.0, -1.0, -1.0]))
    rig.controller.stop()
    rig.to_home()
    assert rig.arm.joint_positions == pytest.approx(rig.robot.home, abs=0.01)


def test_a_task_that_cannot_be_put_back_is_a_fault_that_a_person_clears(rig: Rig) -> None:
    rig.controller.reset()
    for _ in range(1500):
        rig.tick()
        if rig.controller.at_home:
            break
    rig.controller.task_was_reset(Reason.TASK_RESET_FAILED)
    assert rig.controller.mode is Mode.FAULT and rig.controller.start() != ""


def test_a_robot_that_is_not_where_it_was_sent_is_a_fault(rig: Rig) -> None:
    rig.controller.on_state(rig.now, rig.arm.joint_positions + rig.robot.limits.tracking_fault + 0.1)
    rig.controller.tick(rig.now)
    assert rig.controller.mode is Mode.FAULT and rig.controller.counts[Reason.TRACKING] == 1


def test_a_robot_that_is_held_back_is_not_pushed_harder_and_harder(rig: Rig) -> None:
    held = rig.arm.joint_positions
    for _ in range(30):
        rig.controller.on_action(Source.POLICY, rig.now, np.array([0.0, 1.0, -1.0, 1.0]), rig.now)
        for _ in range(5):
            rig.now += round(rig.dt * 1e9)
            rig.controller.on_state(rig.now, held)
            command = rig.controller.tick(rig.now)
            assert command is not None
            assert np.abs(command.q - held).max() < rig.robot.limits.leash + 0.05
    assert rig.controller.mode is Mode.RUNNING
    assert rig.controller.counts[Reason.HELD_BACK] > 0
    executed = np.array([done.action[:3] for done in rig.controller.executed[-10:]])
    assert np.abs(executed.mean(axis=0)).max() < 0.3, "what did not move was not executed"


def test_pressing_on_the_cube_from_above_does_not_end_in_a_fault(rig: Rig) -> None:
    for _ in range(20):
        tcp, cube = rig.arm.state()[:2], rig.arm.state()[4:6]
        offset = (np.array([0.0, 0.035]) + cube - tcp) / 0.03
        rig.act(np.array([*np.clip(offset, -1, 1), 0.0, 1.0]))
    for number in range(40):
        rig.act(np.array([0.5 * (-1) ** (number // 3), -0.3, -1.0, 1.0 - 2.0 * (number % 4 == 0)]))
    assert rig.controller.mode is Mode.RUNNING, rig.controller.counts
