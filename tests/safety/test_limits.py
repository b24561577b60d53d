"""Joint limits hold for any request, from any state inside them, and lead back from outside without a jump."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from robot_rl.config.limits import CollisionConfig, LimitsConfig, OrientationConfig, TcpSpeedConfig
from robot_rl.safety.limits.braking import braking_speed
from robot_rl.safety.limits.joint import JointLimits

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
requests = st.lists(st.tuples(*[st.floats(-1e6, 1e6)] * 2), min_size=1, max_size=150)


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


@given(st.floats(0.0, 5.0), st.floats(0.1, 20.0))
def test_from_the_braking_speed_a_stop_fits_into_the_distance(distance: float, acceleration: float) -> None:
    speed = braking_speed(np.array(distance), np.array(acceleration), DT)
    assert speed * DT + speed**2 / (2 * acceleration) <= distance + 1e-9
