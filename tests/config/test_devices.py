"""The shipped devices, and what is refused of others."""

from __future__ import annotations

from pathlib import Path

import pytest

from robot_rl.config.devices import DRIVERS, load_device, shipped_devices
from robot_rl.config.plugins import plugin_names
from robot_rl.core.errors import UsageError
from robot_rl.robot.spec import load_robot
from robot_rl.teleop.connection import DRIVERS as ROOM
from robot_rl.teleop.entries import Entries

TURNING = Entries(load_robot("fr3_peg"))


@pytest.mark.parametrize("name", shipped_devices())
def test_a_shipped_device_moves_every_translation_and_is_no_leader_without_a_topic(name: str) -> None:
    device = load_device(name)
    moved = {axis.moves for axis in device.axes}
    assert {"dx", "dy", "dz", "rz"} <= moved or device.driver == "leader"
    assert all(TURNING.index(each) is not None for each in moved - {"rx", "ry"})
    assert len({axis.input for axis in device.axes} & {button.input for button in device.buttons}) == 0


def test_every_driver_has_a_shipped_device_and_those_at_this_machine_a_module() -> None:
    assert {load_device(name).driver for name in shipped_devices()} == set(DRIVERS)
    assert set(plugin_names(ROOM)) == set(DRIVERS) - {"joy", "twist", "leader"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{driver: wheel}", "driver is 'wheel'"),
        ("{driver: joy}", "hears a topic and none is given"),
        ("{driver: gamepad, hold_to_enable: true}", "no button does enable"),
        ("{driver: gamepad, axes: [{input: x, moves: dx, sign: 2}]}", "sign is 2.0"),
        ("{driver: gamepad, axes: [{input: x, moves: dx, deadzone: 0.1}]}", "did you mean 'dead_zone'"),
        ("{driver: gamepad, buttons: [{input: x, does: fire}]}", "does is 'fire'"),
    ],
)
def test_what_is_wrong_with_a_device_is_named(text: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(UsageError, match=says):
        load_device(str(path))
