"""`robot-rl calibrate check --image`: the projected tcp and the board's corners over one picture."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

import numpy as np

from robot_rl.cli import calibrate_check, calibrate_options
from robot_rl.core.errors import UsageError

if TYPE_CHECKING:
    from robot_rl.calibration.check import Rig
    from robot_rl.calibration.detect import View
    from robot_rl.core.geometry import Pose


def check_image(args: argparse.Namespace) -> int:
    """Draw and tell: the tcp against --tcp-at, and the board's corners against the pose that fits them best."""
    from robot_rl.calibration.board import load_board
    from robot_rl.calibration.check import rms
    from robot_rl.calibration.detect import BoardDetector
    from robot_rl.calibration.pose import board_pose, project
    from robot_rl.calibration.session import read_picture
    from robot_rl.robot.spec import load_robot
    from robot_rl.robot.twin import KinematicTwin

    if not args.camera or not (args.board or args.joints):
        raise UsageError("--image needs --camera, and --joints (for the tcp) or --board: give what is to be projected.")
    image = read_picture(args.image)
    size = (image.shape[1], image.shape[0])
    board_px, tcp_px, view, corners = list[float](), list[float](), None, np.zeros((0, 2))
    if args.board:
        lens = calibrate_options.intrinsics_at(args, args.camera, args.serial, size)
        view = BoardDetector(load_board(args.board)).find(image, args.image.name)
        corners = project(view.points, board_pose(view, lens), lens)
        board_px.append(rms(view.corners, corners))
    rig, tcp = None, None
    if args.joints:
        robot = load_robot(args.robot)
        q = numbers(args.joints, "--joints", len(robot.joints))
        rig, tcp = calibrate_options.rig_at(args, args.camera, args.serial, size), KinematicTwin(robot).tcp_pose(q)
        pixel = rig.tcp_pixel(tcp)
        print(f"tcp at pixel ({pixel[0]:.1f}, {pixel[1]:.1f})")
        if args.tcp_at:
            tcp_px.append(rms(numbers(args.tcp_at, "--tcp-at", 2)[None], pixel[None]))
    if args.overlays:
        _draw(args, image, view, corners, rig, tcp)
    return calibrate_check.tell(args, args.camera, board_px, tcp_px) if board_px or tcp_px else 0


def numbers(text: str, option: str, count: int) -> np.ndarray:
    """`count` numbers of a text with commas; UsageError where it is no such text."""
    try:
        values = np.array([float(word) for word in text.split(",")])
    except ValueError:
        values = np.zeros(0)
    if values.shape != (count,) or not np.isfinite(values).all():
        raise UsageError(f"{option} is '{text}': give {count} numbers with commas between them.")
    return values


def _draw(
    args: argparse.Namespace,
    image: np.ndarray,
    view: View | None,
    corners: np.ndarray,
    rig: Rig | None,
    tcp: Pose | None,
) -> None:
    from robot_rl.calibration.overlay import axes, comparison

    seen = view.corners if view is not None else np.zeros((0, 2))
    drawn = comparison(image, seen, corners, args.camera)
    if rig is not None and tcp is not None:
        axes(drawn, rig.tcp_in_camera(tcp), rig.intrinsics)
    calibrate_options.save_overlay(args.overlays, f"{args.image.stem}.png", drawn)
