"""The filter: whatever is asked of it, what it sends keeps every limit, and it can always stop."""

import dataclasses

import mujoco
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from robot_rl.config.robot import RobotConfig
from robot_rl.robot.ik import Infeasible
from robot_rl.robot.spec import load_robot
from robot_rl.robot.twin import KinematicTwin
from robot_rl.safety import filter as filter_module
from robot_rl.safety.filter import Motion, SafetyFilter
from robot_rl.safety.limits.pairs import geom_pairs
from robot_rl.safety.reasons import Reason

ROBOT = load_robot("fr3_sim")
TWIN = KinematicTwin(ROBOT)
DT, HOME, DOWN = 0.02, np.array(ROBOT.home), np.array([0.0, 1.0, 0.0, 0.0])
PAIRS = np.array(geom_pairs(TWIN.model))


class Watched:
    """A filter whose every answer is checked against the limits, with the twin's own geometry."""

    def __init__(self, robot: RobotConfig = ROBOT, start: np.ndarray = HOME) -> None:
        self.filter, self.limits, self.space = SafetyFilter(robot, TWIN), robot.limits, robot.workspace
        self.filter.start_at(start)
        self.last, self.tcp = np.zeros(7), TWIN.tcp_pose(start).position

    def check(self, motion: Motion) -> None:
        """Acceleration, velocity, position, walls, cone, tcp speed and distances of one tick."""
        limits = self.limits
        assert np.isfinite(motion.q).all()
        assert (np.abs(motion.dq - self.last) <= np.array(limits.acceleration) * DT * (1 + 1e-6) + 1e-9).all()
        assert (np.abs(motion.dq) <= np.array(limits.velocity) + 1e-9).all()
        assert (motion.q >= np.array(limits.position_lower) + limits.position_margin - 1e-6).all()
        assert (motion.q <= np.array(limits.position_upper) - limits.position_margin + 1e-6).all()
        tcp = TWIN.tcp_pose(motion.q).position
        assert (tcp >= np.array(self.space.lower) - 1e-3).all() and (tcp <= np.array(self.space.upper) + 1e-3).all()
        assert np.linalg.norm(tcp - self.tcp) / DT <= limits.tcp_speed.linear * 1.02
        tilt = np.arccos(np.clip(-TWIN.data.site("tcp").xmat[8], -1, 1))
        assert tilt <= limits.orientation.angle + 1e-3
        nearest = min(mujoco.mj_geomDistance(TWIN.model, TWIN.data, *pair, 1.0, None) for pair in PAIRS.tolist())
        assert nearest >= 0.0
        self.last, self.tcp = motion.dq, tcp

    def brake_to_rest(self) -> None:
        """Stop, checking the whole way."""
        for _ in range(30):
            self.check(self.filter.brake(DT))
        assert self.filter.still


requests = st.lists(
    st.tuples(st.sampled_from(["tcp", "joints", "brake", "hold"]), st.integers(0, 2**32 - 1)), min_size=1, max_size=12
)


@settings(max_examples=25)
@given(requests)
@example([("joints", 461985872)])  # fast joints tilt the tcp most between two looks at the way to standstill
def test_any_sequence_of_requests_keeps_all_limits_and_can_stop_at_any_tick(asked: list[tuple[str, int]]) -> None:
    watched = Watched()
    for kind, seed in asked:
        rng = np.random.default_rng(seed)
        velocity = rng.normal(0.0, 10.0 ** rng.uniform(-1, 3), 3)
        quaternion = DOWN + rng.normal(0.0, 0.5, 4)
        quaternion /= np.linalg.norm(quaternion)
        goal = rng.uniform(ROBOT.limits.position_lower, ROBOT.limits.position_upper)
        for _ in range(int(rng.integers(1, 25))):
            motions = {
                "tcp": lambda v=velocity, o=quaternion: watched.filter.follow_tcp(v, o, DT),
                "joints": lambda g=goal: watched.filter.follow_joints(g, DT),
                "brake": lambda: watched.filter.brake(DT),
                "hold": lambda: watched.filter.hold(DT),
            }
            watched.check(motions[kind]())
    watched.brake_to_rest()


@pytest.mark.parametrize(
    ("velocity", "quaternion", "reason"),
    [
        ([np.nan, 0, 0], DOWN, Reason.NOT_FINITE),
        ([0, np.inf, 0], DOWN, Reason.NOT_FINITE),
        ([0, 0, 0], [np.nan] * 4, Reason.NOT_FINITE),
        ([0, 0, 0], [0.0] * 4, Reason.NOT_FINITE),
        ([0, 0], DOWN, Reason.WRONG_SIZE),
        ([0, 0, 0], [1.0], Reason.WRONG_SIZE),
    ],
)
def test_what_is_no_request_brakes_with_its_reason(velocity: list, quaternion: list, reason: Reason) -> None:
    watched = Watched()
    for _ in range(10):
        watched.check(watched.filter.follow_tcp(np.array([0.2, 0.1, 0.0]), DOWN, DT))
    speed = watched.filter.tcp_speed
    motion = watched.filter.follow_tcp(np.array(velocity), np.array(quaternion), DT)
    watched.check(motion)
    assert motion.reasons == {reason} and watched.filter.tcp_speed < speed


@pytest.mark.parametrize(
    ("target", "reason"), [(np.full(7, np.nan), Reason.NOT_FINITE), (np.zeros(6), Reason.WRONG_SIZE)]
)
def test_joint_targets_that_are_none_brake(target: np.ndarray, reason: Reason) -> None:
    motion = Watched().filter.follow_joints(target, DT)
    assert motion.reasons == {reason} and not motion.dq.any()


def test_a_solver_that_fails_brakes_to_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    watched = Watched()
    for _ in range(10):
        watched.check(watched.filter.follow_tcp(np.array([0.2, 0.0, 0.0]), DOWN, DT))

    def fail(*_: object) -> None:
        raise Infeasible("no")

    monkeypatch.setattr(filter_module, "solve_qp", fail)
    for _ in range(20):
        motion = watched.filter.follow_tcp(np.array([0.2, 0.0, 0.0]), DOWN, DT)
        watched.check(motion)
    assert watched.filter.still and motion.reasons == {Reason.INFEASIBLE}


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (lambda f: f.follow_tcp(np.array([0.0, 0.0, -0.3]), DOWN, DT), Reason.WORKSPACE),
        (lambda f: f.follow_tcp(np.zeros(3), np.array([1.0, 0.0, 0.0, 0.0]), DT), Reason.ORIENTATION),
        (lambda f: f.follow_tcp(np.array([5.0, 0.0, 0.0]), DOWN, DT), Reason.TCP_SPEED),
        (lambda f: f.follow_tcp(np.array([0.9, 0.0, 0.0]), DOWN, DT), Reason.RATE_OF_CHANGE),
        (lambda f: f.follow_joints(HOME + 1.0, DT), Reason.JOINT_ACCELERATION),
        (lambda f: f.follow_joints(HOME + np.array([1.2, 0, 0, 0, 0, 0, 0]), DT), Reason.WORKSPACE),
    ],
)
def test_the_limit_that_acted_is_named(request_, reason: Reason) -> None:  # noqa: ANN001
    watched, seen = Watched(), set()
    for _ in range(80):
        motion = request_(watched.filter)
        watched.check(motion)
        seen |= motion.reasons
    assert reason in seen


def free(robot: RobotConfig) -> RobotConfig:
    """The robot with walls and cone far away, so that only collisions limit it."""
    space = dataclasses.replace(robot.workspace, lower=(-2.0, -2.0, -2.0), upper=(2.0, 2.0, 2.0))
    cone = dataclasses.replace(robot.limits.orientation, angle=3.1)
    return dataclasses.replace(robot, workspace=space, limits=dataclasses.replace(robot.limits, orientation=cone))


def least_distance(q: np.ndarray) -> float:
    """Smallest distance [m] of two geoms that must not touch, at `q`."""
    TWIN.tcp_pose(q)
    pads = {TWIN.model.geom(name).id for name in ("left_pad", "right_pad")}
    kept = [pair for pair in PAIRS.tolist() if not (pads & {*pair} and TWIN.model.geom("table").id in pair)]
    return min(mujoco.mj_geomDistance(TWIN.model, TWIN.data, *pair, 1.0, None) for pair in kept)


@pytest.mark.parametrize("joint", range(6))
def test_joint_motions_into_the_table_or_the_arm_itself_end_at_the_clearance(joint: int) -> None:
    robot = free(ROBOT)
    filter_, seen = SafetyFilter(robot, TWIN), set()
    rng = np.random.default_rng(joint)
    for _ in range(4):
        goal = rng.uniform(robot.limits.position_lower, robot.limits.position_upper)
        for _ in range(60):
            motion = filter_.follow_joints(goal, DT)
            seen |= motion.reasons
            assert least_distance(motion.q) >= robot.limits.collision.clearance - 1e-3
    assert Reason.COLLISION in seen


def test_from_outside_the_workspace_it_comes_back_without_a_jump() -> None:
    space = dataclasses.replace(ROBOT.workspace, upper=(0.43, 0.22, 0.40))
    filter_ = SafetyFilter(dataclasses.replace(ROBOT, workspace=space), TWIN)
    assert not filter_.brake(DT).dq.any(), "standing outside is no reason to move"
    last, x = np.zeros(7), filter_.tcp.position[0]
    for _ in range(150):
        motion = filter_.follow_tcp(np.array([0.3, 0.0, 0.0]), DOWN, DT)
        assert (np.abs(motion.dq - last) <= np.array(ROBOT.limits.acceleration) * DT * (1 + 1e-6)).all()
        assert filter_.tcp.position[0] <= max(x, 0.43) + 1e-6
        last, x = motion.dq, filter_.tcp.position[0]
    assert x <= 0.43


def test_effort_beyond_the_limit_stops_and_gives_way_to_where_the_robot_is() -> None:
    filter_ = Watched().filter
    for _ in range(10):
        filter_.follow_tcp(np.array([0.2, 0.0, 0.0]), DOWN, DT)
    held, effort = filter_.q - 0.03, np.zeros(7)
    effort[5] = ROBOT.limits.effort[5] + 0.1
    filter_.measured, filter_.effort = held, effort
    for _ in range(40):
        motion = filter_.follow_tcp(np.array([0.2, 0.0, 0.0]), DOWN, DT)
        assert Reason.EFFORT in motion.reasons
    assert filter_.q == pytest.approx(held, abs=5e-3)
    filter_.effort = np.zeros(7)
    assert Reason.EFFORT not in filter_.follow_tcp(np.array([0.1, 0.0, 0.0]), DOWN, DT).reasons
