"""`robot-rl calibrate intrinsics`: a camera's focal length, principal point and distortion, from pictures."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from robot_rl.cli import calibrate_options, person
from robot_rl.core.errors import UsageError

if TYPE_CHECKING:
    from robot_rl.calibration.intrinsics import IntrinsicsResult

MODELS = ("pinhole", "plumb_bob", "rational_polynomial")


def add_parser(commands: Any) -> None:
    """Add `calibrate intrinsics`."""
    parser = commands.add_parser(
        "intrinsics", help="a camera's intrinsics from pictures of a board", description=__doc__
    )
    parser.add_argument("--images", type=Path, metavar="FOLDER", help="folder of pictures, or of a session")
    parser.add_argument("--topic", help="image topic to take the pictures from, live; they are kept in --images")
    parser.add_argument("--board", help="board: a name in calibration/boards or a YAML file; a session knows its own")
    parser.add_argument("--camera", help="name of the camera; a session knows its own")
    parser.add_argument("--serial", default="", help="serial number of the camera, which the file keeps")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="folder for <camera>.yaml")
    parser.add_argument("--model", choices=MODELS, default="plumb_bob", help="lens (default: plumb_bob)")
    parser.add_argument("--min-views", type=int, default=8, metavar="N", help="views needed at least (default: 8)")
    parser.add_argument(
        "--max-views", type=int, default=40, metavar="N", help="live: take at most so many (default: 40)"
    )
    parser.add_argument(
        "--overlays", type=Path, metavar="FOLDER", help="write pictures with corners and coverage there"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    person.add_options(parser)
    parser.set_defaults(handler=intrinsics)


def intrinsics(args: argparse.Namespace) -> int:
    """Calibrate and write the file."""
    from robot_rl.calibration.board import load_board
    from robot_rl.calibration.camera_info import save_intrinsics
    from robot_rl.calibration.intrinsics import calibrate_intrinsics
    from robot_rl.calibration.session import pictures

    if args.images is None:
        raise UsageError("--images is missing: give the folder of the pictures (with --topic: to keep them in).")
    if args.topic:
        _take(args)
    camera, serial, name = _about(args)
    board = load_board(name)
    views = []
    for view, image in calibrate_options.views_of(pictures(args.images), board):
        views.append(view)
        if args.overlays:
            _overlay(args.overlays, image, views)
    result = calibrate_intrinsics(
        views, camera, serial=serial, board=board.name, model=args.model, min_views=args.min_views
    )
    path = save_intrinsics(args.out, result.intrinsics)
    print("\n".join(_lines(result, path)))
    if args.json:
        print(json.dumps(_figures(result, path)))
    return 0


def _take(args: argparse.Namespace) -> None:
    from robot_rl.calibration.session import SessionInfo
    from robot_rl.cli.calibrate_live import collect_by_hand

    if not args.camera or not args.board:
        raise UsageError("--camera and --board are needed with --topic: name what is before the camera.")
    info = SessionInfo(camera=args.camera, serial=args.serial, board=args.board)
    collect_by_hand(args, info, args.images, args.max_views)


def _about(args: argparse.Namespace) -> tuple[str, str, str]:
    """Camera, serial number and board, from the options and the session that the folder may hold."""
    from robot_rl.calibration.session import FILE, read_session

    if (args.images / FILE).is_file():
        info, _ = read_session(args.images)
        camera = calibrate_options.same_camera(args.camera, info)
        return camera, args.serial or info.serial, args.board or info.board
    if not args.camera or not args.board:
        raise UsageError(f"'{args.images}' is no session, so --camera and --board are needed: give their names.")
    return args.camera, args.serial, args.board


def _overlay(folder: Path, image: Any, views: list[Any]) -> None:
    from robot_rl.calibration.coverage import Coverage
    from robot_rl.calibration.overlay import guidance

    coverage = Coverage.of(views)
    drawn = guidance(image, coverage, views[-1], f"{len(views)} views: {coverage.wanted or 'all seen'}")
    calibrate_options.save_overlay(folder, f"{Path(views[-1].name).stem}.png", drawn)


def _lines(result: IntrinsicsResult, path: Path) -> list[str]:
    matrix, std = result.intrinsics.camera_matrix, result.std_px
    named = zip(("fx", "fy", "cx", "cy"), (matrix[0, 0], matrix[1, 1], matrix[0, 2], matrix[1, 2]), std, strict=True)
    lines = [f"{name}: reprojection error {error:.3f} px" for name, error in result.errors.items()]
    lines += [f"{name}: OUTLIER, {error:.3f} px, left out" for name, error in result.outliers.items()]
    lines.append("  ".join(f"{name} {value:.2f} +- {deviation:.2f} px" for name, value, deviation in named))
    wanted = f"; better still: {result.coverage.wanted}" if result.coverage.wanted else ""
    seen = f"{len(result.errors)} views over {100 * result.coverage.share:.0f} % of the picture{wanted}"
    return [*lines, f"{path}: reprojection error {result.rms_px:.3f} px, {seen}"]


def _figures(result: IntrinsicsResult, path: Path) -> dict[str, Any]:
    return {
        "file": str(path),
        "camera_matrix": result.intrinsics.camera_matrix.tolist(),
        "distortion": result.intrinsics.distortion.tolist(),
        "std_px": result.std_px.tolist(),
        "rms_px": result.rms_px,
        "views": result.errors,
        "outliers": result.outliers,
        "coverage": result.coverage.share,
        "wanted": result.coverage.wanted,
    }
