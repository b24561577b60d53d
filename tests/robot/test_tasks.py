"""What every task promises, and what each of them judges."""

from __future__ import annotations

import numpy as np
import pytest

from robot_rl.config.plugins import plugin_names
from robot_rl.config.robot import RobotConfig
from robot_rl.core.errors import UsageError
from robot_rl.robot.sim_arm import SimArm
from robot_rl.robot.tasks import lift, load_task, reach

TASKS = plugin_names("robot_rl.robot.tasks")


def test_shipped_tasks_are_found_by_name() -> None:
    assert {"reach", "lift", "insert"} <= set(TASKS)
    assert all(load_task(name).name == name for name in TASKS)
    with pytest.raises(UsageError, match="unknown task 'lfit': did you mean 'lift'"):
        load_task("lfit")


@pytest.mark.parametrize("name", TASKS)
class TestEveryTask:
    def test_never_begins_solved_nor_in_contact_with_the_arm(self, robot: RobotConfig, name: str) -> None:
        task = load_task(name)
        arm = SimArm(robot, task, seed=0)
        fingers = {arm.model.geom(pad).id for pad in ("left_pad", "right_pad", "hand_palm")}
        for _ in range(100):
            arm.randomize()
            outcome = task.outcome(arm.state())
            assert (outcome.reward, outcome.success, outcome.terminated) == (0.0, False, False)
            assert not fingers & set(arm.data.contact.geom[: arm.data.ncon].ravel())

    def test_randomize_moves_objects_and_leaves_the_arm(self, robot: RobotConfig, name: str) -> None:
        arm = SimArm(robot, load_task(name), seed=0)
        q, before = arm.joint_positions, arm.state()
        arm.randomize()
        assert np.array_equal(arm.joint_positions, q)
        assert np.array_equal(arm.state()[:4], before[:4])
        assert not np.allclose(arm.state()[4:7], before[4:7])

    def test_objects_stay_where_they_are_put_while_the_arm_holds(self, robot: RobotConfig, name: str) -> None:
        arm = SimArm(robot, load_task(name), seed=0)
        before = arm.state()
        arm.advance(1.0)
        assert arm.state() == pytest.approx(before, abs=2e-3)

    def test_state_is_named_and_starts_with_the_arm(self, robot: RobotConfig, name: str) -> None:
        task = load_task(name)
        state = SimArm(robot, task).state()
        assert state.dtype == np.float64
        assert state.shape == (len(task.state_names),)
        assert task.state_names[:4] == ("tcp_x", "tcp_y", "tcp_z", "gripper")
        assert state[:4] == pytest.approx([0.45, 0.0, 0.25, 0.04], abs=1e-3)

    def test_has_a_sentence(self, name: str) -> None:
        assert len(load_task(name).instruction.split()) > 2


def test_reach_fills_its_box(robot: RobotConfig) -> None:
    arm = SimArm(robot, reach.TASK, seed=0)
    targets = np.array([(arm.randomize(), arm.state()[4:7])[1] for _ in range(300)])
    assert (targets >= reach.LOWER).all()
    assert (targets <= reach.UPPER).all()
    assert np.ptp(targets, axis=0) == pytest.approx([0.25, 0.30, 0.20], abs=0.02)


@pytest.mark.parametrize(("distance", "done"), [(0.024, True), (0.026, False)])
def test_reach_is_done_within_tolerance(distance: float, done: bool) -> None:
    state = np.array([0.45, 0.0, 0.2, 0.04, 0.45, distance, 0.2])
    outcome = reach.TASK.outcome(state)
    assert (outcome.reward, outcome.success, outcome.terminated) == (float(done), done, done)


@pytest.mark.parametrize(
    ("height", "grasped", "success", "terminated"),
    [
        (0.13, 1.0, True, True),
        (0.13, 0.0, False, False),
        (0.11, 1.0, False, False),
        (-0.10, 0.0, False, True),
    ],
)
def test_lift_needs_height_and_grasp(height: float, grasped: float, success: bool, terminated: bool) -> None:
    state = np.array([0.45, 0.0, 0.2, 0.02, 0.45, 0.0, height, 0.0, grasped])
    outcome = lift.TASK.outcome(state)
    assert (outcome.reward, outcome.success, outcome.terminated) == (float(success), success, terminated)


def test_lift_fills_its_patch_at_graspable_yaws(robot: RobotConfig) -> None:
    arm = SimArm(robot, lift.TASK, seed=0)
    states = np.array([(arm.randomize(), arm.state())[1] for _ in range(300)])
    assert np.ptp(states[:, 4:6], axis=0) == pytest.approx([0.20, 0.30], abs=0.02)
    assert np.abs(states[:, 7]).max() <= lift.MAX_YAW
    # Across its diagonal the cube must still fit between the open fingers.
    assert 2 * lift.HALF * np.sqrt(2) < 2 * robot.gripper.open


def test_cube_pushed_off_the_table_ends_the_episode(robot: RobotConfig) -> None:
    arm = SimArm(robot, lift.TASK, seed=0)
    arm.data.joint("cube").qpos[:3] = [0.5, 0.9, 0.05]
    arm.advance(0.5)
    outcome = lift.TASK.outcome(arm.state())
    assert outcome.terminated
    assert not outcome.success
