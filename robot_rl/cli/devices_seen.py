"""Teleoperation devices plugged into this machine, whether this user may read them, and what else they need.

Looks where every user may: /proc/bus/input/devices and /sys/class/hidraw tell of devices that cannot be opened as well.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import re
from dataclasses import dataclass
from pathlib import Path

INPUT_GROUP = "run 'sudo usermod -aG input $USER' and log in again"
UDEV = (
    'run \'echo "SUBSYSTEM==\\"hidraw\\", ATTRS{idVendor}==\\"VENDOR\\", MODE=\\"0666\\"" | '
    "sudo tee /etc/udev/rules.d/70-spacemouse.rules && sudo udevadm control --reload' and plug it in again"
)
EVDEV = "run 'pip install evdev-binary'"
HIDAPI = "run 'pip install pyspacemouse' and 'sudo apt-get install libhidapi-hidraw0'"
MAKERS = {"256f": range(0xC600, 0xC700), "046d": range(0xC600, 0xC630)}
"""Vendors (3Dconnexion, and Logitech of old) and products of SpaceMice."""


@dataclass(frozen=True)
class Seen:
    """A device that is plugged in, and what it takes to use it ('' where nothing is lacking)."""

    kind: str
    name: str
    path: str
    lacks: str = ""
    remedy: str = ""


def gamepads(root: Path = Path("/")) -> list[Seen]:
    """Joysticks and gamepads that the kernel has."""
    try:
        blocks = (root / "proc/bus/input/devices").read_text().split("\n\n")
    except OSError:
        return []
    seen = []
    for block in blocks:
        handlers = re.search(r"^H: Handlers=(.*)$", block, re.M)
        events = re.findall(r"event\d+", handlers[1]) if handlers else []
        if events and re.search(r"\bjs\d+", handlers[1] if handlers else ""):
            name = re.search(r'^N: Name="(.*)"$', block, re.M)
            seen.append(_seen("gamepad", name[1] if name else "?", root, f"dev/input/{events[0]}", INPUT_GROUP))
    return seen


def spacemice(root: Path = Path("/")) -> list[Seen]:
    """SpaceMice that the kernel has."""
    seen = []
    for folder in sorted((root / "sys/class/hidraw").glob("hidraw*")):
        try:
            text = (folder / "device/uevent").read_text()
        except OSError:
            continue
        found = re.search(r"^HID_ID=\w+:0000(\w{4}):0000(\w{4})$", text, re.M)
        name = re.search(r"^HID_NAME=(.*)$", text, re.M)
        if found and int(found[2], 16) in MAKERS.get(found[1].lower(), ()):
            remedy = UDEV.replace("VENDOR", found[1].lower())
            seen.append(_seen("SpaceMouse", name[1] if name else "?", root, f"dev/{folder.name}", remedy))
    return seen


def devices(root: Path = Path("/")) -> list[Seen]:
    """All of them."""
    return [*gamepads(root), *spacemice(root)]


def missing() -> dict[str, str]:
    """What installs the library of a kind of device that has none here, by kind."""
    wanted = {} if importlib.util.find_spec("evdev") else {"gamepad": EVDEV}
    return wanted if importlib.util.find_spec("pyspacemouse") and _loads_hidapi() else {**wanted, "SpaceMouse": HIDAPI}


def _seen(kind: str, name: str, root: Path, path: str, remedy: str) -> Seen:
    if not os.access(root / path, os.R_OK):
        return Seen(kind, name, f"/{path}", "no permission to read it", remedy)
    library = missing().get(kind, "")
    return Seen(kind, name, f"/{path}", "no library" if library else "", library)


def _loads_hidapi() -> bool:
    for name in ("libhidapi-hidraw.so.0", "libhidapi-hidraw.so"):
        try:
            ctypes.CDLL(name)
        except OSError:
            continue
        return True
    return False
