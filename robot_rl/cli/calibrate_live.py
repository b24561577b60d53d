"""Calibration pictures from a running camera and robot: what a person does at the keyboard."""

from __future__ import annotations

import argparse
import os
import select
import sys
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from robot_rl.cli import person
from robot_rl.core.errors import RobotRLError, SchemaError, UsageError

if TYPE_CHECKING:
    from robot_rl.calibration.session import SessionInfo
    from robot_rl.config.robot import RobotConfig

FIRST_S = 10.0
"""Longest wait for the first picture and the first joint states."""
SILENT_S = 2.0
"""A camera or robot that is silent for so long has no part in a calibration."""
STILL_S, STILL_RAD = 0.4, 1e-3
"""The arm stands still when its joints have moved by less than this for so long."""
GUIDANCE = "calibrate/image"


class Live:
    """The newest picture of a topic and the joint positions of a robot, over a node."""

    def __init__(self, node: Any, topic: str, robot: RobotConfig | None) -> None:
        from sensor_msgs.msg import Image, JointState

        from robot_rl.nodes import qos

        self._node, self._topic, self._robot = node, topic, robot
        self._image: tuple[float, Any] | None = None
        self._joints: deque[tuple[float, np.ndarray]] = deque(maxlen=1000)
        self._problem = ""
        node.create_subscription(Image, topic, self._on_image, qos.ANYONE)
        self._guidance = node.create_publisher(Image, GUIDANCE, qos.STREAM)
        if robot is not None:
            node.create_subscription(JointState, robot.joint_states, self._on_joints, qos.ANYONE)

    def wait(self) -> None:
        """Wait for the first picture and joint states; RobotRLError names what stays silent."""
        end = time.monotonic() + FIRST_S
        while self._missing() and time.monotonic() < end:
            self.spin(0.05)
        if self._missing():
            raise RobotRLError(self._problem or f"nothing on {self._missing()} within {FIRST_S:g} s: start its driver.")

    def spin(self, seconds: float) -> None:
        """Take in what has come, waiting up to `seconds` for it."""
        import rclpy

        rclpy.spin_once(self._node, timeout_sec=seconds)

    def picture(self, newer_than_s: float = SILENT_S) -> np.ndarray:
        """The newest picture, uint8 (H, W, 3) RGB; RobotRLError where it is older, as the camera is silent."""
        from robot_rl.nodes import convert

        assert self._image is not None
        age = time.monotonic() - self._image[0]
        if age > newer_than_s:
            raise RobotRLError(f"no picture on '{self._topic}' for {age:.1f} s: is the camera still connected?")
        return np.array(convert.image_from_msg(self._image[1]))

    def joints_at_rest(self) -> np.ndarray:
        """Mean joint positions (J,) of the last moment; UsageError while the arm moves or is silent."""
        now = time.monotonic()
        recent = np.array([q for heard, q in self._joints if now - heard < STILL_S])
        if not len(recent) or now - self._joints[0][0] < STILL_S:
            raise UsageError(f"no joint states for {STILL_S:g} s together: is the robot's driver running?")
        moved = float(np.ptp(recent, axis=0).max())
        if moved > STILL_RAD:
            raise UsageError(f"the arm moves (by {moved:.4f} rad within {STILL_S:g} s): wait until it stands still.")
        mean: np.ndarray = recent.mean(axis=0)
        return mean

    def show(self, drawn: np.ndarray) -> None:
        """Publish a picture for the person, to be seen in rqt or Foxglove."""
        from robot_rl.nodes import convert

        stamp = int(self._node.get_clock().now().nanoseconds)
        self._guidance.publish(convert.image_to_msg(drawn, stamp, "calibration"))

    def _on_image(self, msg: Any) -> None:
        self._image = (time.monotonic(), msg)

    def _on_joints(self, msg: Any) -> None:
        from robot_rl.nodes import convert

        assert self._robot is not None
        try:
            self._joints.append((time.monotonic(), convert.vector_from_msg(msg, self._robot.joints)))
        except SchemaError as error:
            self._problem = str(error)

    def _missing(self) -> str:
        if self._image is None:
            return f"image topic '{self._topic}'"
        return f"'{self._robot.joint_states}'" if self._robot is not None and not self._joints else ""


def key() -> str | None:
    """A line that the person has typed since, '' for a bare Enter, 'q' at the end of input; None where none."""
    descriptor = sys.stdin.fileno()
    if not select.select([descriptor], [], [], 0.0)[0]:
        return None
    # Not readline: what it keeps in its buffer, select does not see.
    typed = os.read(descriptor, 1024)
    return typed.decode(errors="replace").strip().lower() if typed else "q"


def collect_by_hand(args: argparse.Namespace, info: SessionInfo, folder: Path, count: int) -> None:
    """Take pictures of a board shown by hand whenever they show something new, until all is seen or `count` taken."""
    from robot_rl.calibration.board import load_board
    from robot_rl.calibration.coverage import Coverage
    from robot_rl.calibration.detect import BoardDetector, BoardNotFound
    from robot_rl.calibration.overlay import guidance
    from robot_rl.calibration.session import Session

    detector = BoardDetector(load_board(info.board))
    with person.node("calibrate", args) as node:
        live = Live(node, args.topic, None)
        live.wait()
        height, width = live.picture().shape[:2]
        coverage, session, told = Coverage((width, height)), Session(folder, info), ""
        print(
            f"show the board to camera '{info.camera}' ({GUIDANCE} shows what is missing); q and Enter end", flush=True
        )
        while len(session.shots) < count and (len(session.shots) < 10 or coverage.wanted) and key() != "q":
            live.spin(0.05)
            image = live.picture()
            try:
                view = detector.find(image)
                said = f"{len(session.shots)} taken: {coverage.wanted or 'a few more poses'}"
            except BoardNotFound as error:
                view, said = None, str(error)
            if view is not None and coverage.take(view):
                session.add(image)
            live.show(guidance(image, coverage, view, said))
            if said != told:
                print(said, flush=True)
                told = said
    print(f"{folder}: {len(session.shots)} pictures of camera '{info.camera}'")


def collect_with_robot(args: argparse.Namespace, info: SessionInfo, folder: Path, count: int) -> None:
    """Take a picture and the joint positions at each Enter, until `count` are taken or q."""
    from robot_rl.calibration.board import load_board
    from robot_rl.calibration.detect import BoardDetector
    from robot_rl.calibration.session import Session
    from robot_rl.robot.spec import load_robot

    detector, robot = BoardDetector(load_board(info.board)), load_robot(info.robot)
    with person.node("calibrate", args) as node:
        live, session = Live(node, args.topic, robot), Session(folder, info)
        live.wait()
        print("move the arm, let it stand still, Enter takes a picture; q and Enter end", flush=True)

        def take() -> None:
            joints = live.joints_at_rest()
            image = live.picture(newer_than_s=STILL_S)  # an older one may show the arm in motion
            view = detector.find(image)
            live.show(image)
            session.add(image, joints)
            print(f"{len(session.shots)}/{count}: {len(view.ids)} corners", flush=True)

        while len(session.shots) < count:
            live.spin(0.02)
            typed = key()
            if typed == "q":
                break
            if typed is not None:
                _or_reason(take)
    print(f"{folder}: {len(session.shots)} pictures of camera '{info.camera}', mount {info.mount}")


def _or_reason(take: Callable[[], None]) -> None:
    try:
        take()
    except RobotRLError as error:
        print(f"not taken: {error}", flush=True)
