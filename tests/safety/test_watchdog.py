"""Silence, a clock that goes wrong, and the e-stop's heartbeat: a smooth stop, then a hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robot_rl.config.nodes import SafetyNodeConfig
from robot_rl.core.record import Source
from robot_rl.robot.spec import load_robot
from robot_rl.safety.controller import SafetyController
from robot_rl.safety.reasons import Mode, Reason

ROBOT = load_robot("fr3_sim")
DT = 1.0 / ROBOT.command.rate_hz
ACCELERATION = np.array(ROBOT.limits.acceleration)
S = 1_000_000_000


class Moving:
    """A controller in mid-motion whose robot is where it was commanded; checks the acceleration in every tick."""

    def __init__(self, seed: int = 0, config: SafetyNodeConfig | None = None) -> None:
        self.controller = SafetyController(config or SafetyNodeConfig(), ROBOT)
        self.now, self.q, self.dq = S, np.array(ROBOT.home), np.zeros(7)
        self.controller.on_state(self.now, self.q)
        self.controller.on_estop(False, 0)
        self.controller.reset()
        while not self.controller.at_home:
            self.tick()
        self.controller.task_was_reset()
        self.controller.start()
        rng = np.random.default_rng(seed)
        for _ in range(int(rng.integers(1, 5))):
            action = np.append(rng.uniform(-1, 1, 3), 1.0)
            assert self.controller.on_action(Source.POLICY, self.now, action, self.now) is None
            for _ in range(int(rng.integers(2, 6))):
                self.tick()

    def tick(self, state_ns: int | None = 0) -> None:
        """One tick with joint states stamped `state_ns` from now, or none."""
        self.now += round(DT * 1e9)
        if state_ns is not None:
            self.controller.on_state(self.now + state_ns, self.q)
        command = self.controller.tick(self.now)
        assert command is not None
        assert (np.abs(command.dq - self.dq) <= ACCELERATION * DT + 1e-6).all()
        assert command.q == pytest.approx(self.q + command.dq * DT, abs=1e-9)
        self.q, self.dq = command.q, command.dq

    def ticks_to_rest(self, state_ns: int | None = 0) -> int:
        """Ticks until the commands rest; they must then stay."""
        braking = int((np.abs(self.dq) / (ACCELERATION * DT)).max()) + 2
        limit, count = round(0.5 / DT) + braking, 0
        while self.dq.any():
            self.tick(state_ns)
            count += 1
            assert count <= limit
        at = self.q
        for _ in range(20):
            self.tick(state_ns)
        assert (self.q == at).all()
        return count


@settings(max_examples=15)
@given(st.integers(0, 2**32 - 1), st.sampled_from(["silent", "stale", "future"]))
def test_joint_states_that_fail_stop_the_arm_smoothly_and_it_holds(seed: int, how: str) -> None:
    moving = Moving(seed)
    speed = np.abs(moving.dq / ACCELERATION).max()
    ticks = moving.ticks_to_rest({"silent": None, "stale": -S, "future": S}[how])
    age_s = 0.2 if how == "silent" else 0.0
    assert ticks * DT <= max(0.4, age_s + speed) + 3 * DT
    assert moving.controller.counts[Reason.CLOCK if how == "future" else Reason.STATE_STALE] > 0


@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1))
def test_an_estop_in_any_motion_is_the_shortest_stop_inside_the_acceleration_limit(seed: int) -> None:
    moving = Moving(seed)
    shortest = np.ceil((np.abs(moving.dq) / (ACCELERATION * DT)).max() - 1e-6)
    moving.controller.estop()
    assert moving.ticks_to_rest() <= shortest + 1, "one tick may be left over for rounding"


def test_a_clock_that_is_gone_brakes_in_any_mode() -> None:
    moving = Moving()
    for _ in range(40):
        command = moving.controller.brake(Reason.CLOCK)
        assert command is not None
        assert (np.abs(command.dq - moving.dq) <= ACCELERATION * DT + 1e-6).all()
        moving.dq = command.dq
    assert not moving.dq.any() and moving.controller.counts[Reason.CLOCK] == 40


def with_heartbeat() -> SafetyNodeConfig:
    return SafetyNodeConfig(estop_heartbeat_s=0.5)


def test_a_lost_heartbeat_is_an_estop_that_only_a_person_clears_and_only_once_it_is_back() -> None:
    moving = Moving(config=with_heartbeat())
    moving.controller.watch_estop(S // 2)
    assert moving.controller.mode is Mode.RUNNING
    moving.controller.watch_estop(S // 2 + 1)
    assert moving.controller.mode is Mode.ESTOP and moving.controller.why is Reason.ESTOP_SILENT
    assert "heartbeat" in moving.controller.clear_estop()
    moving.controller.on_estop(False, 2 * S)
    moving.controller.watch_estop(2 * S)
    assert moving.controller.mode is Mode.ESTOP, "hearing it again clears nothing"
    assert moving.controller.clear_estop() == "" and moving.controller.mode is Mode.IDLE
    assert moving.controller.reset() == ""


def test_a_heartbeat_that_never_came_stops_nothing_until_the_robot_would_be_moved() -> None:
    controller = SafetyController(with_heartbeat(), ROBOT)
    controller.on_state(S, np.array(ROBOT.home))
    controller.watch_estop(100 * S)
    assert controller.mode is Mode.IDLE
    assert "heartbeat" in controller.reset() and controller.mode is Mode.ESTOP
    assert "heartbeat" in controller.clear_estop()


def test_without_a_period_no_heartbeat_is_needed() -> None:
    controller = SafetyController(SafetyNodeConfig(), ROBOT)
    controller.on_state(S, np.array(ROBOT.home))
    assert controller.reset() == ""
    controller.watch_estop(10**6 * S)
    assert controller.mode is Mode.RESETTING


def test_a_pressed_estop_latches_again_after_it_was_cleared_while_still_pressed() -> None:
    moving = Moving(config=with_heartbeat())
    for beat in range(3):
        moving.controller.on_estop(True, beat)
        assert moving.controller.mode is Mode.ESTOP and moving.controller.why is Reason.ESTOP
        moving.controller.clear_estop()
