"""Live `robot-rl calibrate`, as processes before a camera and an arm that publish what the simulator sees."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import rclpy
import yaml
from rclpy.context import Context
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import Image, JointState

from robot_rl.calibration.board import load_board
from robot_rl.calibration.camera_info import CameraIntrinsics, save_intrinsics
from robot_rl.calibration.simulated import Flaws, Photo, SimulatedSession
from robot_rl.graph import environment
from robot_rl.nodes import convert, qos
from robot_rl.robot.spec import load_robot

ROBOT, BOARD, TOPIC = load_robot("fr3_sim"), "charuco_7x5_30", "front/image_raw"
pytestmark = pytest.mark.timeout(400)


class Stage:
    """Publishes one photo and its joint positions again and again, until another one is put there."""

    def __init__(self, domain: int) -> None:
        self.context = Context()
        rclpy.init(context=self.context, domain_id=domain, signal_handler_options=SignalHandlerOptions.NO)
        self.node = rclpy.create_node("stage", context=self.context)
        self._images = self.node.create_publisher(Image, TOPIC, qos.STREAM)
        self._joints = self.node.create_publisher(JointState, ROBOT.joint_states, qos.STREAM)
        self.photo: Photo | None = None
        self.moving, self._end = False, threading.Event()
        self._thread = threading.Thread(target=self._play)
        self._thread.start()

    def _play(self) -> None:
        tick = 0
        while not self._end.wait(0.05):
            photo, tick = self.photo, tick + 1
            if photo is not None:
                self._images.publish(convert.image_to_msg(photo.image, 0, "front_optical_frame"))
                if photo.joints is not None:
                    q = photo.joints + 0.05 * np.sin(tick) * self.moving
                    self._joints.publish(convert.vector_to_msg(ROBOT.joints, q, 0))

    def close(self) -> None:
        self._end.set()
        self._thread.join()
        self.node.destroy_node()
        rclpy.try_shutdown(context=self.context)


@pytest.fixture
def stage(free_domain: int) -> Iterator[Stage]:
    stage = Stage(free_domain)
    yield stage
    stage.close()


class Command:
    """`robot-rl calibrate ...` as a process, with a keyboard."""

    def __init__(self, domain: int, *words: object) -> None:
        command = [sys.executable, "-u", "-m", "robot_rl.cli.main", "calibrate", *map(str, words)]
        environ = {**environment.defaults(), **os.environ, "ROS_DOMAIN_ID": str(domain)}
        pipe = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        self.process = subprocess.Popen(command, env=environ, text=True, **pipe)
        self.said: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line.strip())

    def until(self, text: str, timeout_s: float = 90.0) -> bool:
        deadline = time.monotonic() + timeout_s
        while not any(text in line for line in self.said) and time.monotonic() < deadline:
            time.sleep(0.05)
        return any(text in line for line in self.said)

    def type(self, line: str = "") -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def end(self) -> int:
        code = self.process.wait(120)
        self._reader.join(10)
        return code

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join(10)


@pytest.fixture
def commands() -> Iterator[list[Command]]:
    started: list[Command] = []
    yield started
    for command in started:
        command.kill()


def photos(mount: str, count: int) -> tuple[SimulatedSession, list[Photo]]:
    played = SimulatedSession(ROBOT, "front", load_board(BOARD), mount, seed=5, flaws=Flaws(noise=2.0))
    return played, list(islice(played.photos(), count))


def test_a_person_moves_the_arm_and_takes_pictures(
    stage: Stage, free_domain: int, commands: list[Command], tmp_path: Path
) -> None:
    played, seen = photos("eye_to_hand", 7)
    words = ("--camera", "front", "--board", BOARD, "--mount", "eye_to_hand", "--topic", TOPIC)
    command = Command(free_domain, "collect", *words, "--out", tmp_path / "arm", "--count", 7)
    commands.append(command)
    stage.photo, stage.moving = seen[0], True
    assert command.until("Enter takes a picture"), command.said
    time.sleep(1.0)
    command.type()
    assert command.until("not taken: the arm moves"), command.said
    stage.moving = False
    for index, photo in enumerate(seen, start=1):
        stage.photo = photo
        deadline = time.monotonic() + 60.0
        while not any(line.startswith(f"{index}/7") for line in command.said) and time.monotonic() < deadline:
            time.sleep(1.5)
            command.type()
            command.until(f"{index}/7", 3.0)
    assert command.end() == 0, command.said
    session = yaml.safe_load((tmp_path / "arm" / "session.yaml").read_text())
    assert len(session["shots"]) == 7
    matrix, size = played.camera_matrix, (640, 480)
    projection = np.hstack([matrix, np.zeros((3, 1))])
    lens = CameraIntrinsics("front", *size, matrix, "plumb_bob", np.zeros(5), np.eye(3), projection)
    save_intrinsics(tmp_path, lens)
    found = Command(free_domain, "hand-eye", tmp_path / "arm", "--calibration", tmp_path)
    commands.append(found)
    assert found.end() == 0, found.said
    words = ("--topic", TOPIC, "--camera", "front", "--board", BOARD, "--seconds", 8, "--calibration", tmp_path)
    check = Command(free_domain, "check", *words, "--json", "--overlays", tmp_path / "seen")
    commands.append(check)
    assert check.end() == 0, check.said
    assert json.loads(check.said[-1])["board_px_median"] < 2.0
    assert (tmp_path / "seen" / "live.png").is_file()


def test_a_board_shown_by_hand_is_taken_whenever_it_is_new(
    stage: Stage, free_domain: int, commands: list[Command], tmp_path: Path
) -> None:
    _, seen = photos("free", 14)
    stage.photo = seen[0]
    words = ("--topic", TOPIC, "--camera", "front", "--board", BOARD, "--out", tmp_path, "--max-views", 9)
    command = Command(free_domain, "intrinsics", "--images", tmp_path / "hand", *words, "--json")
    commands.append(command)
    assert command.until("1 taken: "), command.said
    for photo in seen[1:] * 6:
        stage.photo = photo
        time.sleep(0.5)
        if command.process.poll() is not None:
            break
    assert command.end() == 0, command.said
    figures = json.loads(command.said[-1])
    assert len(figures["views"]) + len(figures["outliers"]) == 9
    assert figures["camera_matrix"][0][0] == pytest.approx(785, rel=0.02)


def test_a_silent_camera_is_told(free_domain: int, commands: list[Command], tmp_path: Path) -> None:
    words = ("--topic", "nothing", "--camera", "front", "--board", BOARD, "--out", tmp_path / "s")
    command = Command(free_domain, "collect", *words)
    commands.append(command)
    assert command.end() == 1
    assert "nothing on image topic 'nothing' within 10 s: start its driver" in command.said[-1]
