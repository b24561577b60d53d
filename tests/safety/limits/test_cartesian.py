"""Workspace, orientation cone, tcp speed, rate of change and effort, each by itself."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robot_rl.config.limits import OrientationConfig, PlaneConfig, TcpSpeedConfig, WorkspaceConfig
from robot_rl.core.errors import UsageError
from robot_rl.safety.limits.effort import EffortLimit
from robot_rl.safety.limits.orientation import OrientationLimit
from robot_rl.safety.limits.rate import RateLimit
from robot_rl.safety.limits.tcp_speed import REQUESTED, STOPPING, TcpSpeedLimit
from robot_rl.safety.limits.workspace import BRAKING, RETURN_S, RETURN_SPEED, WorkspaceLimit

DT = 0.02
BOX = WorkspaceConfig(
    lower=(0.3, -0.2, 0.0), upper=(0.6, 0.2, 0.4), planes=(PlaneConfig(normal=(-2.0, 0.0, -2.0), offset=-0.6),)
)
CONE = OrientationConfig(axis=(0.0, 0.0, 2.0), direction=(0.0, 0.0, -1.0), angle=0.5)
SPEED = TcpSpeedConfig(linear=1.0, angular=3.0, change=10.0)
vector = st.tuples(*[st.floats(-20.0, 20.0)] * 3).map(np.array)
inside = st.tuples(st.floats(0.3, 0.6), st.floats(-0.2, 0.2), st.floats(0.0, 0.4)).map(np.array)


@given(inside, st.lists(vector, min_size=1, max_size=60))
def test_requests_clipped_at_the_walls_never_leave_the_box(at: np.ndarray, requests: list[np.ndarray]) -> None:
    limit = WorkspaceLimit(dataclasses.replace(BOX, planes=()))
    for request in requests:
        at = at + limit.clip(at, request, DT) * DT
        assert (limit.distances(at) >= -1e-9).all()


@given(vector)
def test_from_outside_the_box_every_request_leads_back_slowly(request_: np.ndarray) -> None:
    limit, at = WorkspaceLimit(dataclasses.replace(BOX, planes=())), np.array([0.7, 0.0, -0.01])
    allowed = limit.clip(at, request_, DT)
    assert allowed[0] <= -RETURN_SPEED and allowed[2] >= 0.01 / RETURN_S - 1e-12
    for axis in (0, 2):
        assert abs(allowed[axis]) <= max(abs(request_[axis]), RETURN_SPEED)


def test_a_plane_is_a_wall_whatever_the_length_of_its_normal() -> None:
    limit, at = WorkspaceLimit(BOX), np.array([0.5, 0.0, 0.3])
    assert limit.distances(at)[6] == pytest.approx(0.6 - 0.8 / np.sqrt(2))
    slowed = limit.clip(at, np.array([5.0, 0.0, 5.0]), DT)
    towards = float(slowed @ [1.0, 0.0, 1.0]) / np.sqrt(2)
    assert towards * DT + towards**2 / (2 * BRAKING) <= limit.distances(at)[6] + 1e-9


@pytest.mark.parametrize(
    ("limit", "config"),
    [
        (WorkspaceLimit, dataclasses.replace(BOX, planes=(PlaneConfig(normal=(0.0, 0.0, 0.0), offset=0.0),))),
        (OrientationLimit, dataclasses.replace(CONE, axis=(0.0, 0.0, 0.0))),
        (OrientationLimit, dataclasses.replace(CONE, direction=(0.0, 0.0, 0.0))),
    ],
)
def test_a_direction_that_is_none_is_refused(limit: type, config: object) -> None:
    with pytest.raises(UsageError, match="give a direction, not zero"):
        limit(config)


def tilted(angle: float) -> np.ndarray:
    """Rotation of a tcp that points down, tilted about the base's y axis."""
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.array([[cosine, 0, sine], [0, 1, 0], [-sine, 0, cosine]]) @ np.diag([1.0, -1.0, -1.0])


@given(st.floats(0.01, 3.0))
def test_the_cone_measures_the_tilt_and_its_gradient(angle: float) -> None:
    limit = OrientationLimit(CONE)
    assert limit.distances(tilted(angle))[0] == pytest.approx(0.5 - angle)
    gradient = limit.barriers(tilted(angle), np.eye(3)).gradient[0]
    step = 1e-6
    change = (limit.distances(tilted(angle + step)) - limit.distances(tilted(angle)))[0] / step
    assert gradient == pytest.approx([0.0, change, 0.0], abs=1e-3)


@given(vector)
def test_a_request_keeps_its_direction_and_the_tcp_speed(velocity: np.ndarray) -> None:
    clipped = TcpSpeedLimit(SPEED).clip(velocity)
    assert np.linalg.norm(clipped) <= REQUESTED * SPEED.linear + 1e-9
    assert np.cross(clipped, velocity) == pytest.approx(np.zeros(3), abs=1e-6)


def test_speeds_on_the_way_to_standstill_count_linear_and_angular() -> None:
    limit, twists = TcpSpeedLimit(SPEED), np.zeros((4, 6))
    assert limit.kept(twists)
    for column, speed in ((1, 1.01), (4, 3.01)):
        fast = twists.copy()
        fast[2, column] = speed
        assert not limit.kept(STOPPING * fast)
        fast[2, column] = 0.98 * STOPPING * speed
        assert limit.kept(fast)


@given(vector, vector)
def test_a_request_changes_no_faster_than_its_rate(last: np.ndarray, wanted: np.ndarray) -> None:
    changed = RateLimit(10.0).clip(last, wanted, DT) - last
    assert np.linalg.norm(changed) <= 10.0 * DT + 1e-9
    if np.linalg.norm(wanted - last) <= 10.0 * DT:
        assert np.array_equal(changed, wanted - last)


@pytest.mark.parametrize(
    ("effort", "exceeded"),
    [(None, False), ([5.0, -5.0], False), ([5.1, 0.0], True), ([0.0, -9.0], True), ([np.nan, 0.0], True)],
)
def test_effort_beyond_its_limit_or_no_number_counts_as_exceeded(effort: list[float] | None, exceeded: bool) -> None:
    assert EffortLimit((5.0, 5.0)).exceeded(None if effort is None else np.array(effort)) is exceeded
