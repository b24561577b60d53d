"""Who acts: a person over the policy, one answer for each observation, and no jump at any hand-over."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from obedient_arm import ObedientArm

from robot_rl.config.nodes import SafetyNodeConfig
from robot_rl.core.record import Source
from robot_rl.robot.action_map import ActionMap
from robot_rl.robot.modes.ramp import RAMP_S
from robot_rl.robot.spec import load_robot
from robot_rl.safety.controller import Command
from robot_rl.safety.reasons import Mode, Reason

ROBOT = load_robot("fr3_sim")
SIZE, PERIOD_NS = ActionMap(ROBOT).spec.size, 100_000_000
FULL = ROBOT.action.translation / 0.1
"""tcp speed of a full action along one axis [m/s]."""
PERSON = (Source.HUMAN, Source.INTERVENTION, Source.SCRIPTED)


class Rig(ObedientArm):
    """A running controller; checks the joint limits in every tick.

    `stops` says of each tick whether nobody's action was in force, so that the robot came to rest.
    """

    def __init__(self, lockstep: bool = False, mode: str = "cartesian_delta", hold_s: float = 0.5) -> None:
        robot = dataclasses.replace(ROBOT, action=dataclasses.replace(ROBOT.action, mode=mode))
        super().__init__(SafetyNodeConfig(lockstep=lockstep, human_hold_s=hold_s), robot)
        self.velocities, self.stops = [np.zeros(3)], list[bool]()
        self.begin()

    def check(self, command: Command, dq: np.ndarray) -> None:
        assert (np.abs(dq) <= np.array(ROBOT.limits.velocity) + 1e-6).all()
        assert (np.abs(dq - self.dq) <= np.array(ROBOT.limits.acceleration) * self.dt + 1e-6).all()
        self.velocities.append(self.controller._filter.tcp_velocity)
        force = self.controller._follower._force
        self.stops.append(force is None or force.source is Source.HOLD)

    def act(self, source: Source, action: np.ndarray, stamp_ns: int | None = None) -> Reason | None:
        return self.controller.on_action(source, self.now if stamp_ns is None else stamp_ns, action, self.now)

    def ticks(self, number: int) -> None:
        for _ in range(number):
            self.tick()

    def doer(self, stamp_ns: int) -> list[Source]:
        return [done.source for done in self.controller.executed if done.stamp_ns == stamp_ns]


def along(axis: int, value: float) -> np.ndarray:
    action = np.zeros(SIZE)
    action[axis], action[-1] = value, 1.0
    return action


@pytest.mark.parametrize("source", PERSON)
def test_a_person_takes_over_in_the_next_tick_and_the_policy_is_refused(source: Source) -> None:
    rig = Rig()
    rig.act(Source.POLICY, along(0, 0.8))
    rig.ticks(5)
    before = rig.velocities[-1]
    assert rig.act(source, along(1, -0.8)) is None
    rig.tick()
    assert rig.velocities[-1][1] < before[1] - 0.01 and rig.velocities[-1][0] < before[0] - 0.01
    assert rig.act(Source.POLICY, along(0, 0.8)) is Reason.PERSON_ACTS
    assert rig.controller.counts[Reason.PERSON_ACTS] == 1
    rig.ticks(4)
    assert rig.velocities[-1] == pytest.approx([0.0, -0.8 * FULL, 0.0], abs=0.02)


@pytest.mark.parametrize("lockstep", [False, True])
def test_a_person_may_answer_an_observation_anew_but_for_lockstep(lockstep: bool) -> None:
    """Hands off at the observation, then a touch: it is executed within the same observation, and told once."""
    rig = Rig(lockstep)
    stamp = rig.now
    rig.act(Source.HUMAN, along(0, 0.0), stamp)
    rig.ticks(2)
    rig.act(Source.HUMAN, along(0, 0.8), stamp)
    rig.act(Source.HUMAN, along(0, 0.8), stamp)
    rig.tick()
    assert (rig.velocities[-1][0] > 0.01) is not lockstep
    rig.ticks(2)
    rig.act(Source.HUMAN, along(0, 0.0))
    rig.tick()
    told = [done.action[0] for done in rig.controller.executed if done.stamp_ns == stamp]
    assert told == pytest.approx([0.0 if lockstep else 0.8], abs=0.01)


def test_the_policy_acts_again_once_the_person_has_let_go() -> None:
    rig = Rig()
    rig.act(Source.HUMAN, along(1, 0.5))
    refusals = []
    for _ in range(10):
        refusals.append(rig.act(Source.POLICY, along(0, 0.5), rig.now - 1))
        rig.ticks(5)
    assert refusals == [Reason.PERSON_ACTS] * 6 + [None] * 4
    assert rig.velocities[-1] == pytest.approx([0.5 * FULL, 0.0, 0.0], abs=0.02)


@pytest.mark.parametrize("lockstep", [False, True])
@pytest.mark.parametrize("mode", ["cartesian_delta", "joint_delta", "joint_position"])
def test_every_observation_gets_one_executed_action_while_a_person_comes_and_goes(lockstep: bool, mode: str) -> None:
    rig, rng, stamps = Rig(lockstep, mode), np.random.default_rng(0), []
    size = rig.controller._follower.size
    for number in range(24):
        stamps.append(rig.now)
        rig.act(Source.POLICY, rng.uniform(-0.3, 0.3, size))
        if 6 <= number < 10:
            rig.act(Source.HUMAN, rng.uniform(-0.3, 0.3, size))
        rig.ticks(5)
    doers = [rig.doer(stamp) for stamp in stamps[:-1]]
    expected = [Source.POLICY] * 6 + [Source.HUMAN] * 4
    assert doers[:10] == [[source] for source in expected]
    assert all(len(doer) == 1 for doer in doers)
    assert doers[10:15] == [[Source.HUMAN]] * 3 + [[Source.HOLD]] * 2, "the last action goes on until it is too old"
    assert doers[15:] == [[Source.POLICY]] * 8


def test_a_hold_between_person_and_policy_is_still_and_keeps_the_gripper() -> None:
    rig = Rig(hold_s=2.0)
    closed = along(0, 0.8)
    closed[-1] = -1.0
    rig.act(Source.HUMAN, closed)
    for _ in range(12):
        rig.act(Source.POLICY, along(1, 0.8), rig.now - 1)
        rig.ticks(5)
    assert rig.controller.still and rig.controller.mode is Mode.RUNNING
    held = rig.controller.executed[-1]
    assert held.source is Source.HOLD and held.action == pytest.approx([0.0, 0.0, 0.0, -1.0], abs=1e-3)


def test_in_lockstep_time_goes_on_while_a_person_has_control_and_does_nothing() -> None:
    rig = Rig(lockstep=True)
    rig.act(Source.HUMAN, along(0, 0.2))
    for _ in range(12):
        rig.act(Source.POLICY, along(1, 0.2), rig.now)
        assert rig.controller.motion_due, "else the simulator would wait for ever"
        rig.ticks(5)
    assert rig.controller.executed[-1].source is Source.POLICY


def test_a_malformed_action_of_a_person_takes_no_control() -> None:
    rig = Rig()
    assert rig.act(Source.HUMAN, np.full(SIZE, np.nan)) is Reason.NOT_FINITE
    assert rig.act(Source.POLICY, along(0, 0.5)) is None


def test_reset_and_estop_are_over_a_person() -> None:
    rig = Rig()
    rig.controller.reset()
    assert rig.act(Source.HUMAN, along(0, 1.0)) is Reason.WRONG_MODE
    rig.controller.estop()
    assert rig.act(Source.HUMAN, along(0, 1.0)) is Reason.WRONG_MODE
    rig.ticks(10)
    assert rig.controller.still


@settings(max_examples=12)
@given(st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.1, 0.5]))
def test_no_hand_over_makes_the_commanded_velocity_jump(seed: int, hold_s: float) -> None:
    rig, rng = Rig(hold_s=hold_s), np.random.default_rng(seed)
    sources = (Source.POLICY, *PERSON)
    for _ in range(25):
        action = np.append(rng.uniform(-0.25, 0.25, SIZE - 1), rng.choice([-1.0, 1.0]))
        rig.act(sources[rng.integers(4)], action, rig.now - int(rng.integers(0, PERIOD_NS)))
        rig.ticks(int(rng.integers(1, 7)))
    changes = np.abs(np.diff(rig.velocities, axis=0)).max(axis=1)
    gentle = 0.5 * FULL * rig.dt / RAMP_S
    assert changes[~np.array(rig.stops)].max() <= gentle + 5e-3
