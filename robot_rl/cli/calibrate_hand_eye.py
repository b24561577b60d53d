"""`robot-rl calibrate hand-eye`: where a camera is on the robot, from a session with the robot."""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from robot_rl.cli import calibrate_options

if TYPE_CHECKING:
    from robot_rl.calibration.hand_eye import HandEyeResult


def add_parser(commands: Any) -> None:
    """Add `calibrate hand-eye`."""
    parser = commands.add_parser("hand-eye", help="a camera's pose on the robot", description=__doc__)
    parser.add_argument("session", type=Path, metavar="SESSION", help="folder of a session recorded with the robot")
    calibrate_options.add_calibration(parser)
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="folder for <camera>.calib (default: --calibration)")
    parser.add_argument("--base-frame", default="", metavar="FRAME", help="robot_base_frame of the file")
    parser.add_argument("--effector-frame", default="", metavar="FRAME", help="robot_effector_frame of the file")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.set_defaults(handler=hand_eye)


def hand_eye(args: argparse.Namespace) -> int:
    """Calibrate and write the file."""
    from robot_rl.calibration.camera_info import now_text
    from robot_rl.calibration.easy_handeye import HandEyeFile, HandEyeRecord, save_hand_eye
    from robot_rl.calibration.hand_eye import Sample, calibrate_hand_eye

    info, robot, recorded = calibrate_options.recorded(args.session)
    intrinsics = calibrate_options.intrinsics_for(args, info, recorded)
    samples = [Sample(shot.view, shot.tcp) for shot in recorded]
    result = calibrate_hand_eye(samples, intrinsics, info.mount)
    found = HandEyeFile(
        name=info.camera,
        mount=info.mount,
        base_frame=args.base_frame or robot.command.frame_id or "base",
        effector_frame=args.effector_frame or robot.tcp_site,
        camera_frame=f"{info.camera}_optical_frame",
        board_frame="board",
        camera=result.camera,
        record=HandEyeRecord(
            date=now_text(),
            serial=info.serial or intrinsics.record.serial,
            samples=len(result.residuals),
            error_mm=round(1e3 * result.error[0], 4),
            error_deg=round(math.degrees(result.error[1]), 5),
        ),
    )
    path = (args.out or args.calibration) / f"{info.camera}.calib"
    save_hand_eye(path, found)
    print("\n".join(_lines(result, path)))
    if args.json:
        print(json.dumps(_figures(result, path)))
    return 0


def _lines(result: HandEyeResult, path: Path) -> list[str]:
    lines = [f"{name}: residual {_both(*pair)}" for name, pair in result.residuals.items()]
    lines += [f"{name}: OUTLIER, {_both(*pair)}, left out" for name, pair in result.outliers.items()]
    medians = "  ".join(f"{name} {1e3 * median:.2f} mm" for name, median in result.methods.items())
    lines.append(f"median residuals by method: {medians}; began with {result.method}, then least squares over corners")
    frame = "tcp" if result.mount == "eye_in_hand" else "base"
    at = ", ".join(f"{1e3 * value:.1f}" for value in result.camera.position)
    lines.append(f"camera at ({at}) mm in the {frame} frame; expected error {_both(*result.error)}")
    rest = f"residual {_both(*result.residual)}, {result.rms_px:.2f} px"
    return [*lines, f"{path}: {len(result.residuals)} samples, {rest}"]


def _both(metres: float, radians: float) -> str:
    return f"{1e3 * metres:.2f} mm, {math.degrees(radians):.3f} degrees"


def _figures(result: HandEyeResult, path: Path) -> dict[str, Any]:
    return {
        "file": str(path),
        "mount": result.mount,
        "position_m": result.camera.position.tolist(),
        "quaternion_wxyz": result.camera.quaternion.tolist(),
        "error_mm": 1e3 * result.error[0],
        "error_deg": math.degrees(result.error[1]),
        "residual_mm": 1e3 * result.residual[0],
        "residual_deg": math.degrees(result.residual[1]),
        "rms_px": result.rms_px,
        "method": result.method,
        "samples": len(result.residuals),
        "outliers": sorted(result.outliers),
        "board_scale": result.scale,
    }
