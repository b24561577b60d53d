"""Whose a calibration file is and how old, and former files that are kept."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from robot_rl.core.errors import UsageError


def check_serial(path: Path, own: str, serial: str) -> None:
    """Raise UsageError where a file's serial number is not `serial`; '' for one that is not known."""
    if serial and own and own != serial:
        raise UsageError(
            f"calibration '{path}' is of the camera with serial number {own}, not {serial}: calibrate this camera."
        )


def check_age(path: Path, date: str, max_days: float, what: str) -> None:
    """Raise UsageError where a file of `date` (ISO 8601) is older than `max_days`, or has no date; 0 for no limit."""
    if max_days <= 0.0:
        return
    try:
        made = datetime.fromisoformat(date)
    except ValueError:
        raise UsageError(
            f"calibration '{path}' has the date '{date}', so its age cannot be held against the limit of "
            f"{max_days:g} days: calibrate {what} again."
        ) from None
    days = (datetime.now().astimezone() - made.astimezone()).total_seconds() / 86400
    if days > max_days:
        raise UsageError(
            f"calibration '{path}' is {days:.1f} days old, at most {max_days:g} are allowed: calibrate {what} again."
        )


def keep_former(path: Path) -> None:
    """Rename a file that is about to be replaced to `<name>_<time of its last change><suffix>`; nothing if none."""
    if path.is_file():
        changed = datetime.fromtimestamp(path.stat().st_mtime)
        path.replace(path.with_name(f"{path.stem}_{changed:%Y-%m-%d_%H%M%S}{path.suffix}"))
