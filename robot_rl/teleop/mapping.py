"""From a device's inputs to what a person asks for: dead zone, sign, scale, hold-to-enable, buttons."""

from __future__ import annotations

import math
from collections.abc import Mapping

from robot_rl.config.devices import EVENTS, AxisConfig, ButtonConfig, DeviceConfig
from robot_rl.teleop.device import Command


class InputMap:
    """Remembers what a single reading cannot tell: which buttons were down, the gripper, and the last touch."""

    def __init__(self, config: DeviceConfig) -> None:
        self._config = config
        self.release()

    def release(self) -> None:
        """Forget everything: the device is gone, or another one is there."""
        self._seen_down: dict[ButtonConfig, float] = {}
        self._down: set[ButtonConfig] = set()
        self._touched_s, self._toggled = -math.inf, False
        self._closed = False

    def gripper_is(self, opening: float) -> None:
        """Take where the gripper stands, [-1 closed, 1 open], so that a toggle goes the other way."""
        self._closed = opening < 0.0

    def command(self, inputs: Mapping[str, float], now_s: float) -> Command:
        """What `inputs` ask for at `now_s` [s] of a steady clock; inputs that the device lacks count as at rest."""
        pressed = self._pressed(inputs, now_s)
        held = {button.does for button in self._down}
        self._toggled ^= "intervene_toggle" in pressed
        enabled = not self._config.hold_to_enable or "enable" in held
        gripper = self._gripper(pressed) if enabled else None
        motion = self._motion(inputs) if enabled else {}
        if gripper is not None or any(motion.values()) or held & {"enable", "intervene"}:
            self._touched_s = now_s
        acts = self._toggled or now_s - self._touched_s <= self._config.release_s
        events = tuple(name for name in EVENTS if name in pressed)
        return Command(acts, motion, gripper, events)

    def _pressed(self, inputs: Mapping[str, float], now_s: float) -> set[str]:
        """What the buttons do that went down since the last time."""
        pressed = set()
        for button in self._config.buttons:
            if not button.sign * inputs.get(button.input, 0.0) > button.threshold:
                self._down.discard(button)
                continue
            fresh = now_s - self._seen_down.get(button, -math.inf) > self._config.debounce_s
            if button not in self._down and fresh:
                pressed.add(button.does)
            self._down.add(button)
            self._seen_down[button] = now_s
        return pressed

    def _gripper(self, pressed: set[str]) -> float | None:
        if not pressed & {"open", "close", "gripper_toggle"}:
            return None
        self._closed = not self._closed if "gripper_toggle" in pressed else "close" in pressed
        return -1.0 if self._closed else 1.0

    def _motion(self, inputs: Mapping[str, float]) -> dict[str, float]:
        motion: dict[str, float] = {}
        for axis in self._config.axes:
            motion[axis.moves] = motion.get(axis.moves, 0.0) + deflection(axis, inputs.get(axis.input, 0.0))
        return {name: max(-1.0, min(1.0, value)) for name, value in motion.items()}


def deflection(axis: AxisConfig, value: float) -> float:
    """Share of a full action that `axis` asks for at input `value`: 0 in the dead zone, from its edge on linear.

    An input that is not finite counts as at rest.
    """
    beyond = abs(value) - axis.dead_zone if math.isfinite(value) else 0.0
    if beyond <= 0.0:
        return 0.0
    return math.copysign(axis.scale * beyond / (1.0 - axis.dead_zone), axis.sign * value)
