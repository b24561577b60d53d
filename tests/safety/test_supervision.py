"""A person beside the policy: in lockstep nobody waits for hands that are off, and no action of theirs is lost."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from obedient_arm import ObedientArm

from robot_rl.config.nodes import SafetyNodeConfig
from robot_rl.core.record import Source
from robot_rl.robot.action_map import ActionMap
from robot_rl.robot.spec import load_robot
from robot_rl.safety.controller import Command
from robot_rl.safety.reasons import Reason

ROBOT = load_robot("fr3_sim")
SIZE = ActionMap(ROBOT).spec.size
TICKS = round(0.1 * ROBOT.command.rate_hz)
"""Ticks of a control period."""


def along(axis: int, value: float) -> np.ndarray:
    action = np.zeros(SIZE)
    action[axis], action[-1] = value, 1.0
    return action


POLICY, PERSON = along(0, 0.3), along(1, 0.3)


class Rig(ObedientArm):
    """A running controller; `jumps` are changes of velocity a tick, as a share of the acceleration limit."""

    def __init__(self, supervised: bool = True, lockstep: bool = True) -> None:
        super().__init__(SafetyNodeConfig(lockstep=lockstep, supervised=supervised), ROBOT)
        self.jumps = [0.0]
        self.begin()

    def check(self, command: Command, dq: np.ndarray) -> None:
        self.jumps.append(float((np.abs(dq - self.dq) / np.array(ROBOT.limits.acceleration)).max()) / self.dt)

    def policy(self, stamp_ns: int | None = None) -> Reason | None:
        return self.controller.on_action(Source.POLICY, stamp_ns or self.now, POLICY, self.now)

    def person(self, action: np.ndarray = PERSON, stamp_ns: int | None = None) -> Reason | None:
        return self.controller.on_action(Source.INTERVENTION, stamp_ns or self.now, action, self.now)

    def hands_off(self) -> None:
        self.controller.on_hands_off(self.now, self.now)

    def period(self) -> None:
        for _ in range(TICKS):
            self.tick()

    def doers(self) -> list[Source]:
        return [done.source for done in self.controller.executed]


def test_the_policy_waits_in_lockstep_until_hands_are_said_to_be_off() -> None:
    rig = Rig()
    assert rig.policy() is None and not rig.controller.motion_due, "time stands still"
    rig.hands_off()
    assert rig.controller.motion_due
    rig.period()
    assert rig.doers() == [Source.POLICY]
    assert rig.controller.executed[0].action[:2] == pytest.approx([0.3, 0.0], abs=0.05)


@pytest.mark.parametrize("person_first", [False, True])
def test_a_person_has_the_step_whoever_answers_first(person_first: bool) -> None:
    rig = Rig()
    if person_first:
        assert rig.person() is None
        rig.policy()
    else:
        rig.policy()
        assert rig.person() is None
    rig.period()
    assert rig.doers() == [Source.INTERVENTION]
    assert rig.controller.executed[0].action[:2] == pytest.approx([0.0, 0.3], abs=0.05)
    assert rig.controller.counts[Reason.PERSON_ACTS] == 1


def test_hands_off_gives_the_very_same_step_to_the_policy() -> None:
    rig = Rig()
    for acts in (True, True, False, False, True):
        rig.policy()
        rig.person() if acts else rig.hands_off()
        rig.period()
    mine, theirs = Source.POLICY, Source.INTERVENTION
    assert rig.doers() == [theirs, theirs, mine, mine, theirs]


def test_a_persons_action_that_cannot_be_used_leaves_the_step_to_the_policy() -> None:
    rig = Rig()
    rig.policy()
    assert rig.person(np.full(SIZE, np.nan)) is Reason.NOT_FINITE
    assert rig.controller.motion_due
    rig.period()
    assert rig.doers() == [Source.POLICY]


def test_a_policy_that_answers_after_the_persons_motion_causes_no_second_one() -> None:
    rig = Rig()
    stamp = rig.now
    rig.person()
    rig.period()
    assert rig.policy(stamp) is Reason.PERSON_ACTS
    assert not rig.controller.motion_due and rig.doers() == [Source.INTERVENTION]


def test_a_word_on_an_older_observation_does_not_end_the_wait() -> None:
    rig = Rig()
    rig.policy()
    rig.controller.on_hands_off(rig.now - 10**8, rig.now)
    assert not rig.controller.motion_due
    rig.hands_off()
    assert rig.controller.motion_due


def test_a_persons_answer_that_comes_again_moves_nothing_anew() -> None:
    rig = Rig()
    stamp = rig.now
    rig.policy()
    rig.person()
    rig.period()
    rig.person(stamp_ns=stamp)
    assert not rig.controller.motion_due and rig.doers() == [Source.INTERVENTION]


def test_nobody_is_waited_for_without_a_supervisor() -> None:
    rig = Rig(supervised=False)
    rig.policy()
    assert rig.controller.motion_due


def test_in_real_time_nobody_is_waited_for_and_hands_off_need_no_pause() -> None:
    rig = Rig(lockstep=False)
    assert rig.policy() is None and rig.controller.motion_due
    rig.period()
    rig.person()
    rig.period()
    assert rig.policy() is Reason.PERSON_ACTS, "the person may still be there"
    rig.hands_off()
    rig.period()
    assert rig.policy() is None
    rig.hands_off()
    rig.period()
    assert rig.doers() == [Source.POLICY, Source.INTERVENTION, Source.POLICY]


def test_a_reset_forgets_what_waited() -> None:
    rig = Rig()
    stamp = rig.now
    rig.policy()
    rig.begin()
    rig.controller.on_hands_off(stamp, rig.now)
    assert not rig.controller.motion_due and rig.doers() == []


@settings(max_examples=25)
@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), min_size=1, max_size=12))
def test_every_observation_has_one_action_of_who_acted_and_no_hand_over_is_a_jump(
    script: list[tuple[bool, bool, bool]],
) -> None:
    """Each step: whether the person acts, whether they answer first, whether both answers come twice."""
    rig = Rig()
    rig.jumps.clear()
    for acts, first, twice in script:
        word = rig.person if acts else rig.hands_off
        for answer in ((word, rig.policy) if first else (rig.policy, word)) * (1 + twice):
            answer()
        rig.period()
    assert rig.doers() == [Source.INTERVENTION if acts else Source.POLICY for acts, _, _ in script]
    stamps = [done.stamp_ns for done in rig.controller.executed]
    assert len(set(stamps)) == len(stamps)
    assert max(rig.jumps) <= 1.0 + 1e-6, "in shares of the acceleration limit"
