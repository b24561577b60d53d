"""Where the files that belong to the package but are no Python lie: config/, calibration/, launch/."""

from __future__ import annotations

from pathlib import Path

import robot_rl
from robot_rl.core.errors import UsageError

MARKER = Path("config", "robots")


def share_dir() -> Path:
    """Directory that holds config/, calibration/ and launch/.

    The repository root in a checkout, an editable or a symlink install, else `<prefix>/share/robot_rl` of the prefix
    (virtual environment, colcon install space) that the package was installed into. Raises UsageError if neither
    holds the shipped configuration.
    """
    return find_share(Path(robot_rl.__file__).resolve().parent)


def find_share(package: Path) -> Path:
    """As `share_dir`, for a package that lies in directory `package`."""
    for parent in package.parents:
        share = parent / "share" / "robot_rl"
        if (share / MARKER).is_dir():
            return share
        if parent == package.parent and (parent / MARKER).is_dir():
            return parent
    raise UsageError(f"no {MARKER}/ beside '{package}' nor in a share/robot_rl above it: install robot_rl again.")
