"""The V4L2 devices of this machine, and who holds one."""

from __future__ import annotations

import os
from pathlib import Path

BY_ID = Path("/dev/v4l/by-id")
DEV, SYS, PROC = Path("/dev"), Path("/sys/class/video4linux"), Path("/proc")


def list_video_devices() -> list[str]:
    """Each device file with the device's name and, where it has one, its by-id name."""
    names = {link.resolve(): link.name for link in BY_ID.iterdir()} if BY_ID.is_dir() else {}
    found = []
    for path in sorted(DEV.glob("video*")):
        label = SYS / path.name / "name"
        words = [label.read_text().strip()] if label.is_file() else []
        words += [names[path.resolve()]] if path.resolve() in names else []
        found.append(f"{path} ({', '.join(words)})" if words else str(path))
    return found


def video_devices() -> str:
    """The same as a phrase."""
    return ", ".join(list_video_devices()) or "none"


def holders(path: Path) -> list[str]:
    """Programs that have `path` open, as far as this user may see."""
    target, found = path.resolve(), []
    for process in PROC.iterdir():
        if not process.name.isdecimal() or int(process.name) == os.getpid():
            continue
        try:
            if any(Path(os.readlink(link)) == target for link in (process / "fd").iterdir()):
                found.append(f"{(process / 'comm').read_text().strip()} (process {process.name})")
        except OSError:
            continue  # it has ended, or is another user's
    return found
