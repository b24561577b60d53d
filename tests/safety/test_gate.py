"""An action that must not move the robot is refused with its reason."""

import numpy as np
import pytest

from robot_rl.safety.gate import ActionGate
from robot_rl.safety.reasons import Reason

GATE = ActionGate(size=4, max_age_s=0.3)
S = 1_000_000_000


@pytest.mark.parametrize(
    ("action", "stamp", "reason"),
    [
        ([0.0] * 3, 10 * S, Reason.WRONG_SIZE),
        ([], 10 * S, Reason.WRONG_SIZE),
        ([0.0, np.nan, 0.0, 0.0], 10 * S, Reason.NOT_FINITE),
        ([0.0, np.inf, 0.0, 0.0], 10 * S, Reason.NOT_FINITE),
        ([0.0] * 4, 10 * S - S // 2, Reason.STALE_COMMAND),
        ([0.0] * 4, 10 * S + S // 2, Reason.FUTURE_COMMAND),
    ],
)
def test_refuses(action: list[float], stamp: int, reason: Reason) -> None:
    assert GATE.check(np.array(action), stamp, 10 * S) is reason


def test_clips_to_the_unit_box_and_says_so() -> None:
    checked = GATE.check(np.array([3.0, -3.0, 0.5, 1.0]), 10 * S, 10 * S)
    assert not isinstance(checked, Reason)
    assert checked[0].tolist() == [1.0, -1.0, 0.5, 1.0] and checked[1] == {Reason.CLIPPED}


def test_accepts_a_good_action_unaltered() -> None:
    checked = GATE.check(np.array([0.1, 0.2, 0.3, 0.4]), 10 * S, 10 * S)
    assert not isinstance(checked, Reason) and checked[1] == frozenset()
