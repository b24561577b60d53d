"""A device's inputs become what a person asks for: dead zone, sign, hold-to-enable, presses, letting go."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robot_rl.config.devices import AxisConfig, ButtonConfig, DeviceConfig
from robot_rl.teleop.mapping import InputMap, deflection

AXES = (
    AxisConfig(input="x", moves="dx", scale=0.5, sign=-1.0, dead_zone=0.2),
    AxisConfig(input="up", moves="dz"),
    AxisConfig(input="down", moves="dz", sign=-1.0),
)
BUTTONS = (
    ButtonConfig(input="rb", does="enable"),
    ButtonConfig(input="lb", does="gripper_toggle"),
    ButtonConfig(input="a", does="success"),
    ButtonConfig(input="t", does="intervene_toggle"),
    ButtonConfig(input="trigger", does="close", sign=-1.0),
)


def device(**changes: object) -> InputMap:
    return InputMap(DeviceConfig(driver="gamepad", axes=AXES, buttons=BUTTONS, **changes))  # type: ignore[arg-type]


@given(value=st.floats(allow_nan=True, allow_infinity=True), zone=st.floats(0.0, 0.9), scale=st.floats(0.0, 1.0))
def test_deflection_is_zero_in_the_dead_zone_and_has_the_sign_of_its_input(
    value: float, zone: float, scale: float
) -> None:
    out = deflection(AxisConfig(input="x", moves="dx", scale=scale, dead_zone=zone), value)
    assert math.isfinite(out) and out * (value if math.isfinite(value) else 0.0) >= 0.0
    if not abs(value) > zone:
        assert out == 0.0


def test_deflection_begins_at_the_edge_of_the_dead_zone_and_ends_at_the_scale() -> None:
    axis = AXES[0]
    assert deflection(axis, 0.2 + 1e-6) == pytest.approx(0.0, abs=1e-5)
    assert deflection(axis, 1.0) == -0.5
    assert deflection(axis, -1.0) == 0.5


def test_inputs_of_one_entry_add_up_and_stay_in_bounds() -> None:
    command = device().command({"up": 1.0, "down": 0.4}, 0.0)
    assert command.motion == {"dx": 0.0, "dz": pytest.approx(0.6)} and command.acts
    assert device().command({"up": 3.0}, 0.0).motion["dz"] == 1.0


def test_hold_to_enable_moves_nothing_without_the_button_and_stops_with_it() -> None:
    hand = device(hold_to_enable=True)
    command = hand.command({"up": 1.0, "lb": 1.0}, 0.0)
    assert not command.acts and not any(command.motion.values()) and command.gripper is None
    assert hand.command({"rb": 1.0}, 0.1).acts, "holding still is acting"
    assert hand.command({"rb": 1.0, "up": 1.0}, 0.2).motion["dz"] == 1.0
    command = hand.command({"up": 1.0}, 0.3)
    assert not command.acts and not any(command.motion.values())


def test_a_button_counts_once_a_press() -> None:
    hand = device()
    pressed = [hand.command({"a": value}, 0.01 * i).events for i, value in enumerate((0, 1, 1, 0, 1))]
    assert pressed == [(), ("success",), (), (), ("success",)]


def test_key_repetition_is_one_press() -> None:
    """As held space in a terminal: down for the tap, silent for the keyboard's delay, then again and again."""
    hand = device(debounce_s=0.5)
    times = [0.0, 0.1, 0.5, 0.55, 0.6, 0.65]
    seen = []
    for i, now in enumerate(times):
        seen.append(hand.command({"lb": 1.0}, now).gripper)
        if i in (1, 2):
            hand.command({}, now + 0.02)
    assert seen == [-1.0, None, None, None, None, None]
    hand.command({}, 0.9)
    assert hand.command({"lb": 1.0}, 1.3).gripper == 1.0


def test_the_toggle_goes_on_from_where_the_gripper_is() -> None:
    hand = device()
    hand.gripper_is(-1.0)
    assert hand.command({"lb": 1.0}, 0.0).gripper == 1.0
    assert hand.command({"trigger": -1.0}, 0.1).gripper == -1.0


def test_letting_go_counts_after_release_s() -> None:
    hand = device(release_s=0.3)
    assert hand.command({"up": 1.0}, 0.0).acts
    assert hand.command({}, 0.29).acts and not hand.command({}, 0.31).acts


def test_control_is_taken_and_given_back_by_a_toggle() -> None:
    hand = device()
    assert hand.command({"t": 1.0}, 0.0).acts and hand.command({}, 5.0).acts
    assert not hand.command({"t": 1.0}, 6.0).acts
