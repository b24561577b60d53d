"""SpaceMouse and its kin by pyspacemouse and hidapi.

Inputs: x y z roll pitch yaw (about -1 to 1, in the axes of a robot that faces away from the person: x away, y left,
z up, turns right-handed), and the buttons by the library's lower-case names (left, right, menu, ...).
"""

from __future__ import annotations

import contextlib
import importlib
import io
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from robot_rl.config.devices import DeviceConfig
from robot_rl.core.errors import UsageError
from robot_rl.teleop.device import DeviceLost

AXES = ("x", "y", "z", "roll", "pitch", "yaw")
INSTALL = "run 'pip install pyspacemouse' and 'sudo apt-get install libhidapi-hidraw0'"
REMEDY = "plug it in; 'robot-rl doctor' lists what this machine sees and may read"
AT_ONCE = 8
"""Reports taken in one reading: more than come between two."""


def library() -> ModuleType:
    """The module pyspacemouse; UsageError with the lines that install it."""
    try:
        return importlib.import_module("pyspacemouse")
    except (ImportError, OSError):
        raise UsageError(f"a SpaceMouse needs pyspacemouse and hidapi: {INSTALL}, or use another device.") from None


def spacemice() -> dict[str, str]:
    """Names of connected devices by path; UsageError where hidapi is missing."""
    try:
        return dict(library().get_connected_devices_by_path())
    except (RuntimeError, AttributeError, OSError):
        raise UsageError(f"a SpaceMouse needs hidapi: {INSTALL}, or use another device.") from None


class SpaceMouse:
    """The first SpaceMouse whose name or path contains `match`."""

    def __init__(self, config: DeviceConfig) -> None:
        self._match, self._library = config.match, library()
        self._device: Any = None

    def open(self) -> str:
        """Take the device."""
        found = {path: name for path, name in spacemice().items() if self._match in f"{name} {path}"}
        if not found:
            raise DeviceLost(f"no SpaceMouse{f' that matches {self._match!r}' if self._match else ''}: {REMEDY}")
        path, name = next(iter(found.items()))
        try:
            with contextlib.redirect_stdout(io.StringIO()):  # the library prints what it finds
                self._device = self._library.open_by_path(path, axis_convention=self._library.AxisConvention.ROS)
        except Exception as error:
            may = "" if Path(path).exists() else ", which is gone"
            raise DeviceLost(f"SpaceMouse '{name}' at {path}{may} cannot be opened ({error}): {REMEDY}") from None
        return name

    def read(self) -> Mapping[str, float]:
        """The newest of the reports that have come."""
        if self._device is None:
            raise DeviceLost(f"the SpaceMouse is not open: {REMEDY}")
        try:
            state = self._newest()
        except Exception:  # whatever the binding raises for a failed read
            name = self._device.name
            self.close()
            raise DeviceLost(f"SpaceMouse '{name}' is gone: {REMEDY}") from None
        names = self._device.info.button_names
        pressed = {name.lower(): float(down) for name, down in zip(names, state.buttons, strict=True)}
        return {**{axis: float(getattr(state, axis)) for axis in AXES}, **pressed}

    def close(self) -> None:
        """Close the device."""
        if self._device is not None:
            with contextlib.suppress(Exception):
                self._device.close()
        self._device = None

    def _newest(self) -> Any:
        before = None
        state = self._device.read()
        for _ in range(AT_ONCE):
            if state.t == before:
                break
            before, state = state.t, self._device.read()
        return state


DRIVER = SpaceMouse
