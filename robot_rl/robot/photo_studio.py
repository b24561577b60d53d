"""A simulated robot with a printed board, photographed: for calibration against truth. Frames as in OpenCV."""

from __future__ import annotations

import mujoco
import numpy as np

from robot_rl.config.robot import RobotConfig
from robot_rl.core.errors import unknown_name
from robot_rl.core.geometry import Pose
from robot_rl.robot.model import robot_spec
from robot_rl.robot.plate import Plate
from robot_rl.robot.renderer import CameraRenderer

BOARD = "calibration_board"
OPTICAL = np.diag([1.0, -1.0, -1.0])
"""MuJoCo's camera axes (y up, looking along -z) in those of an optical frame (y down, looking along z)."""
OVERSAMPLING, MULTISAMPLES = 2, 4
"""Pixels rendered a pixel and axis, samples of each: corners stand as in a real picture, to 0.05 px."""


class PhotoStudio:
    """The robot's arm, placed without physics, a board that is free or held at the tcp, and one of its cameras.

    Use it from one thread. Pixel centres are whole numbers.
    """

    def __init__(self, robot: RobotConfig, camera: str, plate: Plate, size: tuple[int, int] = (640, 480)) -> None:
        """`size` is width and height of the pictures [px]."""
        self.robot, self.camera, self.size = robot, camera, size
        self.held: Pose | None = None
        """The board's pose in the tcp frame; None for one that `put_board` places in the base frame."""
        spec = robot_spec(robot)
        known = [each.name for each in spec.cameras]
        if camera not in known:
            raise unknown_name("camera", camera, known, f"the model of robot '{robot.name}'")
        body = spec.worldbody.add_body(name=BOARD, mocap=True)
        plate.add_to(spec, body, BOARD)
        spec.visual.quality.offsamples = MULTISAMPLES
        self.model = spec.compile()
        self.data = mujoco.MjData(self.model)
        joints = [self.model.joint(name).id for name in robot.joints]
        self._positions = self.model.jnt_qposadr[joints]
        self._site, self._camera = self.model.site(robot.tcp_site).id, self.model.camera(camera).id
        self._renderer = CameraRenderer(self.model, (camera,), (size[0] * OVERSAMPLING, size[1] * OVERSAMPLING))
        self.place(np.array(robot.home))

    @property
    def camera_matrix(self) -> np.ndarray:
        """The camera's true K (3, 3) [px]; it has no distortion."""
        width, height = self.size
        focal = 0.5 * height / np.tan(0.5 * np.radians(self.model.cam_fovy[self._camera]))
        return np.array([[focal, 0.0, (width - 1) / 2], [0.0, focal, (height - 1) / 2], [0.0, 0.0, 1.0]])

    def place(self, q: np.ndarray) -> None:
        """Put the arm at joint positions `q` (J,) [rad]; a held board goes with it."""
        self.data.qpos[self._positions] = q
        mujoco.mj_forward(self.model, self.data)
        if self.held is not None:
            self.put_board(self.tcp.after(self.held))

    def put_board(self, pose: Pose) -> None:
        """Put the board at `pose` in the base frame."""
        self.data.mocap_pos[0], self.data.mocap_quat[0] = pose.position, pose.quaternion
        mujoco.mj_forward(self.model, self.data)

    @property
    def tcp(self) -> Pose:
        """Pose of the tcp in the base frame."""
        return _pose(self.data.site_xpos[self._site], self.data.site_xmat[self._site].reshape(3, 3))

    @property
    def camera_pose(self) -> Pose:
        """Pose of the camera's optical frame in the base frame."""
        turn = self.data.cam_xmat[self._camera].reshape(3, 3) @ OPTICAL
        return _pose(self.data.cam_xpos[self._camera], turn)

    @property
    def board(self) -> Pose:
        """Pose of the board in the base frame."""
        return Pose(self.data.mocap_pos[0], self.data.mocap_quat[0])

    def touches(self) -> bool:
        """Whether anything of the arm touches anything."""
        return bool(self.data.ncon)

    def photograph(self) -> np.ndarray:
        """Picture of now, uint8 (height, width, 3) RGB."""
        fine, n = self._renderer.images(self.data)[self.camera], OVERSAMPLING
        total = np.full((self.size[1], self.size[0], 3), n * n // 2, np.uint16)
        for row, column in np.ndindex(n, n):
            total += fine[row::n, column::n]
        return (total // (n * n)).astype(np.uint8)

    def close(self) -> None:
        """Free the renderer."""
        self._renderer.close()


def _pose(position: np.ndarray, rotation: np.ndarray) -> Pose:
    whole = np.eye(4)
    whole[:3, :3], whole[:3, 3] = rotation, position
    return Pose.of_matrix(whole)
