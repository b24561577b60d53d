"""`robot-rl calibrate NAME`: cameras' intrinsics, where cameras are on the robot, and whether that is true.

A whole calibration is: board (print it), collect (pictures of it), intrinsics, collect with the robot, hand-eye, check.
"""

from __future__ import annotations

from typing import Any

from robot_rl.cli import (
    calibrate_board,
    calibrate_check,
    calibrate_collect,
    calibrate_hand_eye,
    calibrate_intrinsics,
)


def add_parser(subparsers: Any) -> None:
    """Add the sub-command."""
    parser = subparsers.add_parser("calibrate", help="calibrate cameras", description=__doc__)
    commands = parser.add_subparsers(dest="calibrate", metavar="NAME", required=True)
    for part in (calibrate_board, calibrate_collect, calibrate_intrinsics, calibrate_hand_eye, calibrate_check):
        part.add_parser(commands)
