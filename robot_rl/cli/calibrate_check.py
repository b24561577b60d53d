"""`robot-rl calibrate check`: draws the projected board and tcp over pictures, and tells how many pixels they are off.

With a session, each picture's board is predicted from the other pictures and the robot's joints. With --topic the
board is predicted, live, from where it was when the command began: move the arm. Exit code 1 beyond --limit.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from robot_rl.cli import calibrate_options, person


def add_parser(commands: Any) -> None:
    """Add `calibrate check`."""
    parser = commands.add_parser("check", help="project board and tcp into pictures", description=__doc__)
    parser.add_argument("session", type=Path, nargs="?", metavar="SESSION", help="session recorded with the robot")
    calibrate_options.add_calibration(parser)
    parser.add_argument("--topic", help="image topic, to check live instead; needs --camera, --board and --robot")
    parser.add_argument("--image", type=Path, metavar="FILE", help="check one picture instead")
    parser.add_argument("--joints", metavar="Q,Q,...", help="with --image: joint positions, to project the tcp")
    parser.add_argument("--tcp-at", metavar="U,V", help="with --joints: the pixel at which the tcp is seen")
    parser.add_argument("--camera", help="no session: name of the camera")
    parser.add_argument("--board", help="no session: board that the camera sees")
    parser.add_argument("--robot", default="fr3_sim", help="no session: robot (default: fr3_sim)")
    parser.add_argument("--serial", default="", help="no session: serial number that the files must have")
    parser.add_argument(
        "--seconds", type=float, default=0.0, metavar="S", help="no session: end after this long (default: q)"
    )
    parser.add_argument("--overlays", type=Path, metavar="FOLDER", help="write the pictures with the projections there")
    parser.add_argument("--limit", type=float, default=2.0, metavar="PX", help="largest median error (default: 2)")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    person.add_options(parser)
    parser.set_defaults(handler=check)


def check(args: argparse.Namespace) -> int:
    """Compare, draw and tell."""
    from robot_rl.core.errors import UsageError

    if args.topic:
        from robot_rl.cli.calibrate_check_live import check_live

        return check_live(args)
    if args.image:
        from robot_rl.cli.calibrate_check_image import check_image

        return check_image(args)
    if args.session is None:
        raise UsageError("nothing to check: give a session's folder, --image, or --topic for a running camera.")
    return _check_session(args)


def _check_session(args: argparse.Namespace) -> int:
    from robot_rl.calibration.check import board_errors, rms

    info, _, recorded = calibrate_options.recorded(args.session)
    rig = calibrate_options.rig_for(args, info, recorded)
    predicted = board_errors(rig, [(shot.view, shot.tcp) for shot in recorded])
    board_px, tcp_px = [], []
    for shot, corners in zip(recorded, predicted, strict=True):
        board_px.append(rms(shot.view.corners, corners))
        said = f"{shot.view.name}: board {board_px[-1]:.2f} px"
        if shot.tcp_px.size:
            tcp_px.append(rms(shot.tcp_px[None], rig.tcp_pixel(shot.tcp)[None]))
            said += f", tcp {tcp_px[-1]:.2f} px"
        print(said)
        if args.overlays:
            _draw(args.overlays, shot, corners, rig, said)
    return tell(args, info.camera, board_px, tcp_px)


def tell(args: argparse.Namespace, camera: str, board_px: list[float], tcp_px: list[float]) -> int:
    """Print the medians, and 1 where one is beyond the limit."""
    figures: dict[str, Any] = {"camera": camera, "pictures": len(board_px)}
    for name, values in (("board", board_px), ("tcp", tcp_px)):
        if values:
            figures |= {f"{name}_px_median": float(np.median(values)), f"{name}_px_max": float(np.max(values))}
    medians = [value for name, value in figures.items() if name.endswith("median")]
    good = all(median <= args.limit for median in medians)
    parts = [
        f"{name} {figures[f'{name}_px_median']:.2f} px" for name in ("board", "tcp") if f"{name}_px_median" in figures
    ]
    verdict = "within" if good else "BEYOND"
    print(f"camera '{camera}', {len(board_px)} pictures: median error {', '.join(parts)}: {verdict} {args.limit:g} px")
    if args.json:
        print(json.dumps({**figures, "limit_px": args.limit, "ok": good}))
    return 0 if good else 1


def _draw(folder: Path, shot: calibrate_options.Recorded, corners: np.ndarray, rig: Any, said: str) -> None:
    from robot_rl.calibration.overlay import axes, comparison

    drawn = comparison(shot.image, shot.view.corners, corners, said)
    axes(drawn, rig.tcp_in_camera(shot.tcp), rig.intrinsics)
    calibrate_options.save_overlay(folder, shot.view.name, drawn)
