"""`robot-rl doctor`: is this machine ready? One line a check, with the remedy where one fails."""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from robot_rl.cli import devices_seen
from robot_rl.cli.libraries import missing_packages
from robot_rl.config.paths import share_dir
from robot_rl.core.errors import RobotRLError
from robot_rl.graph.locks import domain_of, take_domain

MODULES = ("numpy", "torch", "mujoco", "mink", "ruckig", "zarr", "safetensors", "cv2", "rclpy", "sensor_msgs", "rich")
RENDER = "from robot_rl.robot.gl import offscreen_context; offscreen_context(16, 16).free()"
DISK_GB = 5.0


@dataclass(frozen=True)
class Check:
    """Outcome of one check."""

    name: str
    ok: bool
    detail: str
    remedy: str = ""


def add_parser(subparsers: Any) -> None:
    """Add the sub-command."""
    parser = subparsers.add_parser("doctor", help="check that this machine is ready", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the checks as one JSON object as the last line")
    parser.set_defaults(handler=doctor)


def doctor(args: argparse.Namespace) -> int:
    """Print all checks; 0 if all are good, else 1."""
    checks = [check() for check in CHECKS]
    for check in checks:
        remedy = "" if check.ok else f"  -> {check.remedy}"
        print(f"{'ok  ' if check.ok else 'FAIL'} {check.name}: {check.detail}{remedy}")
    ok = all(check.ok for check in checks)
    if args.json:
        print(json.dumps({"ok": ok, "checks": [asdict(check) for check in checks]}))
    return 0 if ok else 1


def python() -> Check:
    """Python 3.11 or newer."""
    version = ".".join(map(str, sys.version_info[:3]))
    return Check("python", sys.version_info >= (3, 11), version, "use Python 3.11 or newer")


def wheels() -> Check:
    """Everything that the main job imports can be imported."""
    failed = [f"{name} ({reason})" for name in MODULES if (reason := _import_error(name))]
    detail = ", ".join(failed) if failed else f"{len(MODULES)} imported"
    return Check("packages", not failed, detail, "run 'make setup', or install requirements/*.txt")


def libraries() -> Check:
    """System libraries load."""
    missing = missing_packages()
    detail = f"missing: {' '.join(missing)}" if missing else "found"
    return Check("system libraries", not missing, detail, f"sudo apt-get install -y {' '.join(missing)}")


def rendering() -> Check:
    """A picture can be drawn without a screen."""
    done = subprocess.run([sys.executable, "-c", RENDER], capture_output=True, text=True, check=False)
    last = (done.stderr.strip().splitlines() or ["works"])[-1]
    return Check("rendering", done.returncode == 0, "works" if done.returncode == 0 else last, "see system libraries")


def domain() -> Check:
    """No graph of this user is on the ROS domain."""
    number = domain_of(None, os.environ)
    try:
        take_domain(number, "doctor").release()
    except RobotRLError as error:
        return Check("ROS domain", False, str(error), "stop it, or use another domain")
    return Check("ROS domain", True, f"{number} is free")


def files() -> Check:
    """The shipped configuration is found."""
    try:
        return Check("configuration", True, str(share_dir()))
    except RobotRLError as error:
        return Check("configuration", False, str(error), "install robot_rl again")


def cameras() -> Check:
    """The cameras that drivers can open; none is in order, for the simulator brings its own."""
    from robot_rl.perception.cameras.found import found_cameras

    try:
        return Check("cameras", True, ", ".join(found_cameras()) or "none found")
    except RuntimeError as error:  # librealsense's own
        return Check("cameras", False, f"librealsense: {error}", "unplug the camera and plug it in again")


def disk() -> Check:
    """Room for a run."""
    free = shutil.disk_usage(Path.cwd()).free / 1e9
    return Check("disk", free >= DISK_GB, f"{free:.0f} GB free here", f"free {DISK_GB:g} GB")


def devices() -> Check:
    """Teleoperation devices can be used; that none is plugged in is no fault."""
    seen = devices_seen.devices()
    words = [f"{one.kind} '{one.name}' at {one.path}{f': {one.lacks}' if one.lacks else ''}" for one in seen]
    words += [f"no {kind}" for kind in ("gamepad", "SpaceMouse") if kind not in {one.kind for one in seen}]
    words += [f"a {kind} would need: {remedy}" for kind, remedy in devices_seen.missing().items()]
    words += ["keyboard" if sys.stdin is not None and sys.stdin.isatty() else "no terminal for the keyboard"]
    remedies = dict.fromkeys(one.remedy for one in seen if one.lacks)
    return Check("devices", not remedies, "; ".join(words), "; ".join(remedies))


CHECKS: tuple[Callable[[], Check], ...] = (
    python, wheels, libraries, rendering, domain, files, cameras, devices, disk,
)  # fmt: skip


def _import_error(name: str) -> str:
    try:
        importlib.import_module(name)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""
