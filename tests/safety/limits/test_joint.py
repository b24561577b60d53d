"""Joint limits hold for any request, from any state inside them, and lead back from outside without a jump."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robot_rl.config.limits import CollisionConfig, LimitsConfig, OrientationConfig, TcpSpeedConfig
from robot_rl.config.loader import load, to_plain
from robot_rl.core.errors import UsageError
from robot_rl.safety.limits.joint import JointLimits
from robot_rl.safety.reasons import Reason

DT = 0.01
LIMITS = LimitsConfig(
    position_lower=(-1.0, -2.0),
    position_upper=(1.0, 0.5),
    velocity=(2.0, 1.0),
    acceleration=(10.0, 5.0),
    jerk=(1000.0, 1000.0),
    position_margin=0.05,
    effort=(50.0, 50.0),
    orientation=OrientationConfig(axis=(0.0, 0.0, 1.0), direction=(0.0, 0.0, -1.0), angle=0.5),
    tcp_speed=TcpSpeedConfig(linear=1.0, angular=3.0, change=10.0),
    collision=CollisionConfig(clearance=0.02, detection=0.15, may_touch=()),
)
SMOOTH = dataclasses.replace(LIMITS, jerk=(300.0, 300.0))
requests = st.lists(st.tuples(*[st.floats(-1e6, 1e6)] * 2), min_size=1, max_size=150)


def has_default(field: dataclasses.Field) -> bool:
    """True for what a robot's YAML may leave out."""
    return field.default is not dataclasses.MISSING


@given(requests)
def test_position_velocity_and_acceleration_hold_for_any_requests(wanted: list[tuple[float, float]]) -> None:
    limits, q, dq = JointLimits(LIMITS), np.zeros(2), np.zeros(2)
    for request in wanted:
        box = limits.box(q, dq, DT)
        assert box.feasible
        new = box.clip(np.array(request))
        assert (np.abs(new - dq) <= limits.acceleration * DT * (1 + 1e-6)).all()
        assert (np.abs(new) <= limits.velocity + 1e-9).all()
        q, dq = q + new * DT, new
        assert (q >= limits.lower - 1e-9).all() and (q <= limits.upper + 1e-9).all()


@given(st.floats(1.0, 2.0))
def test_outside_the_limits_only_the_way_back_is_open(outside: float) -> None:
    limits = JointLimits(LIMITS)
    box = limits.box(np.array([outside, 0.0]), np.zeros(2), DT)
    assert box.upper[0] == 0.0 and box.lower[0] < 0.0
    assert box.lower[0] >= -limits.acceleration[0] * DT * (1 + 1e-6)


@given(st.floats(-2.0, 2.0))
def test_braking_reaches_standstill_and_stays(speed: float) -> None:
    limits, dq = JointLimits(LIMITS), np.array([speed, 0.0])
    for _ in range(25):
        slower = limits.brake(dq, DT)
        assert abs(slower[0]) <= abs(dq[0])
        dq = slower
    assert not dq.any()


@given(requests)
def test_the_jerk_limit_smooths_and_never_takes_away_what_a_stop_needs(wanted: list[tuple[float, float]]) -> None:
    limits, q, dq, last = JointLimits(SMOOTH), np.zeros(2), np.zeros(2), np.zeros(2)
    for request in wanted:
        box, outer = limits.box(q, dq, DT, last), limits.box(q, dq, DT)
        assert box.feasible and (box.lower >= outer.lower).all() and (box.upper <= outer.upper).all()
        new = box.clip(np.array(request))
        jerk = np.abs((new - dq) / DT - last) / DT
        free = (new > outer.lower) & (new < outer.upper)
        assert (jerk[free] <= np.array(SMOOTH.jerk)[free] * (1 + 1e-6)).all()
        q, dq, last = q + new * DT, new, (new - dq) / DT


def test_what_acted_is_named() -> None:
    limits, still = JointLimits(LIMITS), np.zeros(2)
    assert limits.acted(still, still, np.array([0.1, 0.0]), DT, None) == {Reason.JOINT_ACCELERATION}
    fast = np.array([2.0, 0.0])
    assert Reason.JOINT_VELOCITY in limits.acted(still, fast, fast, DT, None)
    edge = np.array([0.95, 0.0])
    assert Reason.JOINT_POSITION in limits.acted(edge, still, still, DT, None)
    assert limits.acted(still, still, np.array([0.01, 0.0]), DT, still) == frozenset()


@pytest.mark.parametrize("key", [field.name for field in dataclasses.fields(LimitsConfig) if not has_default(field)])
def test_a_missing_limit_is_an_error_that_names_it(key: str) -> None:
    data = {name: value for name, value in to_plain(LIMITS).items() if name != key}
    with pytest.raises(UsageError, match=f"lacks the key '{key}'"):
        load(LimitsConfig, data)


@pytest.mark.parametrize("key", ["velocity", "acceleration", "jerk", "effort"])
@pytest.mark.parametrize("value", [-1.0, 0.0, float("nan"), float("inf")])
def test_a_limit_that_is_none_is_refused(key: str, value: float) -> None:
    with pytest.raises(UsageError, match=key):
        load(LimitsConfig, {**to_plain(LIMITS), key: [value, 1.0]})
