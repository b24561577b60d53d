"""Gamepads by evdev: it needs neither a screen nor an event loop, and tells at once when a pad is gone.

Inputs: left_x left_y right_x right_y hat_x hat_y (-1 to 1, right and down positive), lt rt (0 to 1), and buttons south
east north west lb rb lt_button rt_button select start mode left_stick right_stick; others go by the kernel's name, such
as btn_trigger_happy1. Names and axes are those of the kernel's gamepad protocol (Documentation/input/gamepad.rst).
"""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

from robot_rl.config.devices import DeviceConfig
from robot_rl.core.errors import RobotRLError, UsageError
from robot_rl.teleop.device import DeviceLost

BUTTONS = {
    "BTN_SOUTH": "south",
    "BTN_EAST": "east",
    "BTN_NORTH": "north",
    "BTN_WEST": "west",
    "BTN_TL": "lb",
    "BTN_TR": "rb",
    "BTN_TL2": "lt_button",
    "BTN_TR2": "rt_button",
    "BTN_SELECT": "select",
    "BTN_START": "start",
    "BTN_MODE": "mode",
    "BTN_THUMBL": "left_stick",
    "BTN_THUMBR": "right_stick",
}
STICKS = {"ABS_X": "left_x", "ABS_Y": "left_y", "ABS_HAT0X": "hat_x", "ABS_HAT0Y": "hat_y"}
PEDALS = {"ABS_BRAKE": "lt", "ABS_GAS": "rt"}
Names = dict[str, str]
MODERN: tuple[Names, Names] = {"ABS_RX": "right_x", "ABS_RY": "right_y"}, {"ABS_Z": "lt", "ABS_RZ": "rt"}
OLD: tuple[Names, Names] = {"ABS_Z": "right_x", "ABS_RZ": "right_y"}, {}
"""Right stick and triggers of pads that have ABS_RX, and of those that have not."""
REMEDY = "plug it in or switch it on; 'robot-rl doctor' lists what this machine sees"


def library() -> ModuleType:
    """The module evdev; UsageError with the line that installs it."""
    try:
        return importlib.import_module("evdev")
    except ImportError:
        raise UsageError("a gamepad needs evdev: run 'pip install evdev-binary', or use another device.") from None


def gamepads() -> Iterator[Any]:
    """The pads that this user may read, as opened evdev.InputDevice."""
    evdev = library()
    codes = evdev.ecodes
    for path in evdev.list_devices():
        with contextlib.suppress(OSError):
            device = evdev.InputDevice(path, readonly=True)
            able = device.capabilities(absinfo=False)
            if codes.BTN_SOUTH in able.get(codes.EV_KEY, ()) and codes.ABS_X in able.get(codes.EV_ABS, ()):
                yield device
            else:
                device.close()


class Gamepad:
    """The first pad whose name or path contains `match`."""

    def __init__(self, config: DeviceConfig) -> None:
        self._match, self._codes = config.match, library().ecodes
        self._device: Any = None
        self._inputs: dict[str, float] = {}
        self._ranges: dict[int, tuple[str, float, float]] = {}

    def open(self) -> str:
        """Take the pad as it stands: sticks and buttons that are held already count."""
        others = []
        for device in gamepads():
            if self._device is None and self._match in f"{device.name} {device.path}":
                self._device = device
            else:
                others.append(device.name)
                device.close()
        if self._device is None:
            wanted = f" that matches '{self._match}' (there is {', '.join(others)})" if others else ""
            raise DeviceLost(f"no gamepad{wanted}: {REMEDY}")
        try:
            self._look()
        except OSError:
            raise self._lost() from None
        return str(self._device.name)

    def read(self) -> Mapping[str, float]:
        """All inputs after the events that have come."""
        codes = self._codes
        try:
            for event in self._events():
                if event.type == codes.EV_ABS:
                    self._set_axis(event.code, event.value)
                elif event.type == codes.EV_KEY:
                    self._inputs[self._button(event.code)] = float(event.value > 0)
                elif event.type == codes.EV_SYN and event.code == codes.SYN_DROPPED:
                    self._look()
        except OSError:
            raise self._lost() from None
        return self._inputs

    def close(self) -> None:
        """Close the event device."""
        if self._device is not None:
            with contextlib.suppress(OSError):
                self._device.close()
        self._device, self._inputs = None, {}

    def _events(self) -> Iterator[Any]:
        if self._device is None:
            raise OSError("not open")
        with contextlib.suppress(BlockingIOError):
            yield from self._device.read()

    def _lost(self) -> RobotRLError:
        name = "the gamepad" if self._device is None else f"gamepad '{self._device.name}'"
        self.close()
        return DeviceLost(f"{name} is gone: {REMEDY}")

    def _look(self) -> None:
        """Read the whole state from the kernel: at first, and where it says that events were lost."""
        codes, able = self._codes, self._device.capabilities()
        infos = dict(able.get(codes.EV_ABS, ()))
        sticks, triggers = MODERN if codes.ABS_RX in infos else OLD
        for code, info in infos.items():
            kernel = _first(codes.ABS[code])
            if kernel in (names := STICKS | sticks):
                half = max((info.max - info.min) / 2.0, 1e-9)
                self._ranges[code] = names[kernel], (info.max + info.min) / 2.0, half
            else:
                name = (PEDALS | triggers).get(kernel, kernel.lower())
                self._ranges[code] = name, float(info.min), max(float(info.max - info.min), 1e-9)
            self._set_axis(code, info.value)
        held = self._device.active_keys()
        self._inputs |= {self._button(code): float(code in held) for code in able.get(codes.EV_KEY, ())}

    def _set_axis(self, code: int, value: float) -> None:
        if code in self._ranges:
            name, middle, span = self._ranges[code]
            self._inputs[name] = (value - middle) / span

    def _button(self, code: int) -> str:
        names = self._codes.BTN.get(code) or self._codes.KEY.get(code) or f"btn_{code}"
        known = [BUTTONS[name] for name in (names if isinstance(names, (tuple, list)) else (names,)) if name in BUTTONS]
        return known[0] if known else _first(names).lower()


def _first(names: Any) -> str:
    return str(names[0] if isinstance(names, (tuple, list)) else names)


DRIVER = Gamepad
