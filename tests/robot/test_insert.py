"""The task insert: where the socket lies, what fits into it, and what contact does."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest

from robot_rl.config.robot import RobotConfig
from robot_rl.robot.in_process import InProcessEnv
from robot_rl.robot.sim_arm import SimArm
from robot_rl.robot.spec import load_robot
from robot_rl.robot.tasks import insert

DOWN = np.array([0.0, 0.0, -0.5, 0.0])


@pytest.fixture(scope="module")
def holder() -> RobotConfig:
    return load_robot("fr3_peg")


def pressed_down(robot: RobotConfig, offset: tuple[float, float], yaw: float) -> tuple[InProcessEnv, list[float]]:
    """Let the hand go straight down with the socket off the peg's line: the tip's way below the socket's edge [m]."""
    env = InProcessEnv(robot, insert.TASK, cameras=())
    env.arm.data.mocap_pos[0] = [0.45 + offset[0], offset[1], insert.HEIGHT]
    env.arm.data.mocap_quat[0] = [np.cos(yaw / 2), 0.0, 0.0, np.sin(yaw / 2)]
    depths = []
    for _ in range(18):
        state = env.step(DOWN).observation.state
        depths.append(float(state[6] - state[10]))
    return env, depths


def force(arm: SimArm) -> float:
    """Sum of the contacts' normal forces [N]."""
    wrench, total = np.zeros(6), 0.0
    for index in range(arm.data.ncon):
        mujoco.mj_contactForce(arm.model, arm.data, index, wrench)
        total += float(wrench[0])
    return total


def test_the_socket_fills_its_patch_and_its_yaws(holder: RobotConfig) -> None:
    arm = SimArm(holder, insert.TASK, seed=0)
    states = np.array([(arm.randomize(), arm.state())[1] for _ in range(300)])
    assert np.ptp(states[:, 4:6], axis=0) == pytest.approx([0.10, 0.10], abs=0.004)
    assert states[:, 4:6].mean(0) == pytest.approx([0.45, 0.0], abs=0.005)
    assert np.rad2deg(np.ptp(states[:, 7])) == pytest.approx(30.0, abs=1.0)
    assert np.abs(states[:, 7]).max() <= np.deg2rad(15.0)


def test_the_peg_has_one_millimetre_to_each_wall(holder: RobotConfig) -> None:
    arm = SimArm(holder, insert.TASK, seed=0)
    tip = arm.data.site("peg_tip").xpos
    arm.data.mocap_pos[0], arm.data.mocap_quat[0] = [*tip[:2], tip[2] + 0.02], [1.0, 0.0, 0.0, 0.0]
    mujoco.mj_forward(arm.model, arm.data)
    peg = arm.model.geom("peg").id
    for wall in ("back", "front", "left", "right"):
        other = arm.model.geom(f"socket_{wall}").id
        gap = mujoco.mj_geomDistance(arm.model, arm.data, peg, other, 1.0, None)
        assert gap == pytest.approx(0.001, abs=2e-5)


@pytest.mark.parametrize(
    ("offset", "yaw"),
    [
        ((0.0, 0.0), 0.0),
        ((0.0008, -0.0008), 0.0),
        ((0.003, 0.0), 0.0),
        ((0.0, 0.0), np.deg2rad(5)),
        ((0.0, 0.0), np.deg2rad(-90)),
    ],
)
def test_a_peg_in_line_goes_in(holder: RobotConfig, offset: tuple[float, float], yaw: float) -> None:
    env, depths = pressed_down(holder, offset, yaw)
    assert max(depths) > insert.DEPTH
    assert insert.TASK.outcome(env.arm.state()).success
    assert env.arm.data.site("peg_tip").xpos[2] > 0.001, "the workspace keeps the tip off the table"


@pytest.mark.parametrize(
    ("offset", "yaw"),
    [((0.006, 0.0), 0.0), ((0.0, -0.015), 0.0), ((0.02, 0.02), 0.0), ((0.0, 0.0), np.deg2rad(15))],
)
def test_no_wall_lets_a_peg_out_of_line_through(holder: RobotConfig, offset: tuple[float, float], yaw: float) -> None:
    env, depths = pressed_down(holder, offset, yaw)
    assert max(depths) < 0.002
    assert 2.0 < force(env.arm) < 60.0, "the grip gives way, so that it presses, but not hard"
    assert not insert.TASK.outcome(env.arm.state()).success


def test_a_peg_in_the_socket_is_held_by_its_walls(holder: RobotConfig) -> None:
    env, _ = pressed_down(holder, (0.0, 0.0), 0.0)
    for _ in range(3):
        state = env.step(np.array([0.1, 0.0, 0.0, 0.0])).observation.state
    assert state[0] - 0.45 > 0.004, "the hand goes on"
    assert abs(state[8] - state[4]) < 0.002
    env.reset()
    state = env.arm.state()
    assert state[8:10] == pytest.approx(state[0:2], abs=1e-6), "a reset puts the peg straight"


@pytest.mark.parametrize(
    ("depth", "beside", "done"), [(0.025, 0.0, True), (0.023, 0.0, False), (0.028, 0.034, False), (-0.02, 0.0, False)]
)
def test_it_is_done_at_eighty_percent_of_the_depth_inside(depth: float, beside: float, done: bool) -> None:
    socket = np.array([0.45, 0.02, insert.HEIGHT])
    state = np.array([0.45, 0.02, 0.07, 0.01, *socket, 0.1, *(socket - [beside, 0.0, depth]), 0.1])
    outcome = insert.TASK.outcome(state)
    assert (outcome.reward, outcome.success, outcome.terminated) == (float(done), done, done)
