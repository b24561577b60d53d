"""A device that goes is held to be gone, one that comes back is taken again, and neither moves the arm by itself."""

from __future__ import annotations

from collections.abc import Mapping

from robot_rl.config.devices import AxisConfig, ButtonConfig, DeviceConfig
from robot_rl.teleop.connection import RETRY_S, Connection
from robot_rl.teleop.device import DeviceLost
from robot_rl.teleop.mapping import InputMap

CONFIG = DeviceConfig(
    driver="gamepad",
    axes=(AxisConfig(input="x", moves="dx"),),
    buttons=(ButtonConfig(input="a", does="success"),),
)


class Pad:
    """A driver whose cable can be pulled."""

    def __init__(self) -> None:
        self.plugged, self.inputs, self.opened = True, {"x": 0.0}, 0

    def open(self) -> str:
        self._check()
        self.opened += 1
        return "pad"

    def read(self) -> Mapping[str, float]:
        self._check()
        return self.inputs

    def close(self) -> None:
        pass

    def _check(self) -> None:
        if not self.plugged:
            raise DeviceLost("the pad is gone")


def test_unplugged_in_motion_says_so_and_comes_back_once_let_go() -> None:
    pad = Pad()
    hand = Connection(pad, InputMap(CONFIG))
    assert not hand.poll(0.0).acts
    pad.inputs = {"x": 1.0, "a": 0.0}
    assert hand.poll(0.1).motion == {"dx": 1.0}
    pad.plugged = False
    gone = hand.poll(0.2)
    assert (gone.acts, gone.lost, hand.there, hand.losses) == (False, "the pad is gone", False, 1)
    pad.plugged, pad.inputs = True, {"x": 1.0, "a": 1.0}
    assert hand.poll(0.2 + 2 * RETRY_S).lost == ""
    held = hand.poll(0.3 + 2 * RETRY_S)
    assert not held.acts and not held.motion and not held.events, "still deflected: it must be let go first"
    pad.inputs = {"x": 0.0, "a": 0.0}
    assert not hand.poll(4.0).acts
    pad.inputs = {"x": -1.0, "a": 1.0}
    again = hand.poll(4.1)
    assert again.motion == {"dx": -1.0} and again.events == ("success",)


def test_a_device_that_is_not_there_is_looked_for_once_a_second() -> None:
    pad = Pad()
    pad.plugged = False
    hand = Connection(pad, InputMap(CONFIG))
    for i in range(300):
        assert hand.poll(0.01 * i).lost == "the pad is gone"
    assert hand.losses == 0, "what was never there is not lost"
    pad.plugged = True
    hand.poll(10.0)
    assert pad.opened == 1
