"""What the calibrate commands share: options, sessions, and lines about pictures that cannot be used."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from robot_rl.core.errors import UsageError

if TYPE_CHECKING:
    from robot_rl.calibration.board import Board
    from robot_rl.calibration.camera_info import CameraIntrinsics
    from robot_rl.calibration.check import Rig
    from robot_rl.calibration.detect import View
    from robot_rl.calibration.easy_handeye import HandEyeFile
    from robot_rl.calibration.session import SessionInfo, Shot
    from robot_rl.config.robot import RobotConfig
    from robot_rl.core.geometry import Pose


def add_size(parser: argparse.ArgumentParser) -> None:
    """Add --size, width and height of simulated pictures."""
    text = "width and height of simulated pictures (default: 640x480)"
    parser.add_argument("--size", default="640x480", metavar="WxH", help=text)


def size_of(text: str) -> tuple[int, int]:
    """Width and height of '640x480'; UsageError where it is no such text."""
    width, _, height = text.partition("x")
    if not (width.isdecimal() and height.isdecimal() and 16 <= min(int(width), int(height)) and len(text) < 12):
        raise UsageError(f"--size is '{text}': give width and height in pixels, such as 640x480.")
    return int(width), int(height)


def views_of(named: Iterable[tuple[str, np.ndarray]], board: Board) -> Iterator[tuple[View, np.ndarray]]:
    """The usable views among named pictures, with their pictures; the reasons of the others go to standard error."""
    from robot_rl.calibration.detect import BoardDetector, BoardNotFound

    detector = BoardDetector(board)
    for name, image in named:
        try:
            yield detector.find(image, name), image
        except BoardNotFound as error:
            print(f"left out: {error}", file=sys.stderr)


def shots_of(folder: Path) -> tuple[SessionInfo, tuple[Shot, ...], RobotConfig]:
    """A session that has the robot in it, and that robot; UsageError where it is of a board shown by hand."""
    from robot_rl.calibration.session import read_session
    from robot_rl.robot.spec import load_robot

    info, shots = read_session(folder)
    if info.mount == "free" or not info.robot:
        raise UsageError(
            f"'{folder}' is a session without the robot: record one with 'robot-rl calibrate collect --mount "
            "eye_in_hand' or 'eye_to_hand'."
        )
    robot = load_robot(info.robot)
    for shot in shots:
        if len(shot.joints) != len(robot.joints):
            raise UsageError(
                f"'{folder}': {shot.image} has {len(shot.joints)} joint positions for {len(robot.joints)} joints of "
                f"'{robot.name}': name the robot it was recorded with."
            )
    return info, shots, robot


def same_camera(asked: str | None, session: SessionInfo) -> str:
    """The session's camera; UsageError where another one is asked for."""
    if asked and asked != session.camera:
        raise UsageError(f"the session is of camera '{session.camera}', not '{asked}': name that one, or its session.")
    return session.camera


@dataclass(frozen=True)
class Recorded:
    """A usable shot of a session: its picture, the board in it, the tcp's pose, and its true pixel (2,) or (0,)."""

    image: np.ndarray
    view: View
    tcp: Pose
    tcp_px: np.ndarray


def recorded(folder: Path) -> tuple[SessionInfo, RobotConfig, list[Recorded]]:
    """A session with the robot: what it is of, the robot, and its usable shots."""
    from robot_rl.calibration.board import load_board
    from robot_rl.calibration.session import read_picture
    from robot_rl.robot.twin import KinematicTwin

    info, shots, robot = shots_of(folder)
    board, twin = load_board(info.board), KinematicTwin(robot)
    if board.symmetric:
        raise UsageError(
            f"{board} looks the same turned by half a turn, so that its pose is open: use a ChArUco board, or a "
            "chessboard with an odd number of squares one way and an even one the other."
        )
    by_name = {shot.image: shot for shot in shots}
    views = views_of(((name, read_picture(folder / name)) for name in by_name), board)
    usable = []
    for view, image in views:
        shot = by_name[view.name]
        usable.append(Recorded(image, view, twin.tcp_pose(np.array(shot.joints)), np.array(shot.tcp_px)))
    return info, robot, usable


def save_overlay(folder: Path, name: str, drawn: np.ndarray) -> None:
    """Write a picture for the person, uint8 (H, W, 3) RGB, into a folder that is made where it is missing."""
    import cv2

    folder.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(folder / name), drawn[..., ::-1])


def add_calibration(parser: argparse.ArgumentParser) -> None:
    """Add --calibration and --max-days."""
    text = "folder of <camera>.yaml (and <camera>.calib)"
    parser.add_argument("--calibration", type=Path, required=True, metavar="FOLDER", help=text)
    limit = "refuse calibrations older than this many days (default: 0, no limit)"
    parser.add_argument("--max-days", type=float, default=0.0, metavar="N", help=limit)


def intrinsics_for(args: argparse.Namespace, info: SessionInfo, shots: list[Recorded]) -> CameraIntrinsics:
    """Intrinsics of the session's camera at its resolution, from --calibration."""
    if not shots:
        raise UsageError(f"no picture of the session shows its board '{info.board}' well: record another one.")
    return intrinsics_at(args, info.camera, info.serial, shots[0].view.size)


def intrinsics_at(args: argparse.Namespace, camera: str, serial: str, size: tuple[int, int]) -> CameraIntrinsics:
    """Intrinsics from --calibration; UsageError where they are another's, too old, or of a lens OpenCV projects not."""
    from robot_rl.calibration.camera_info import load_intrinsics

    found = load_intrinsics(args.calibration, camera, *size, serial=serial, max_days=args.max_days)
    if found.distortion_model not in ("plumb_bob", "rational_polynomial"):
        raise UsageError(
            f"the calibration of camera '{camera}' has distortion_model '{found.distortion_model}': "
            "calibrate it anew, as plumb_bob or rational_polynomial."
        )
    return found


def rig_for(args: argparse.Namespace, info: SessionInfo, shots: list[Recorded]) -> Rig:
    """Intrinsics and pose of the session's camera, from --calibration."""
    from robot_rl.calibration.check import Rig

    intrinsics = intrinsics_for(args, info, shots)
    found = Rig(intrinsics, hand_eye_at(args, info.camera, info.serial))
    if found.hand_eye.mount != info.mount:
        raise UsageError(
            f"the calibration of camera '{info.camera}' is {found.hand_eye.mount}, the session {info.mount}: "
            "give the session of the camera as it is mounted now."
        )
    return found


def rig_at(args: argparse.Namespace, camera: str, serial: str, size: tuple[int, int]) -> Rig:
    """Intrinsics and pose of a camera, from --calibration."""
    from robot_rl.calibration.check import Rig

    return Rig(intrinsics_at(args, camera, serial, size), hand_eye_at(args, camera, serial))


def hand_eye_at(args: argparse.Namespace, camera: str, serial: str) -> HandEyeFile:
    """Pose of a camera from --calibration."""
    from robot_rl.calibration.easy_handeye import load_hand_eye

    return load_hand_eye(args.calibration / f"{camera}.calib", camera=camera, serial=serial, max_days=args.max_days)
