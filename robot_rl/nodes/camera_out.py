"""The topics of one camera: policy image with camera_info, and where asked for the raw picture and depth."""

from __future__ import annotations

import array
from typing import Any

import numpy as np
from rclpy.node import Node
from sensor_msgs.msg import CameraInfo, Image

from robot_rl.calibration.camera_info import CameraIntrinsics, load_intrinsics
from robot_rl.calibration.scaled import scaled
from robot_rl.config.camera import CameraNodeConfig
from robot_rl.nodes import convert, qos
from robot_rl.perception.cameras.camera import Frame, Optics
from robot_rl.perception.cameras.ops import View


class CameraTopics:
    """Publishers of a camera. `image` is what the policy sees; `raw/image` and `depth/image` are as captured."""

    def __init__(self, node: Node, config: CameraNodeConfig) -> None:
        self._node, self._config, base = node, config, f"camera/{config.camera}"
        self._frame_id = f"{config.camera}_optical_frame"
        # A turned picture is that of a turned camera: x to its right, y downwards.
        self._raw_frame_id = f"{config.camera}_raw_optical_frame" if config.rotation else self._frame_id
        kinds = ["", *(["raw/"] if config.raw else []), *(["depth/"] if config.depth else [])]
        self._images = {k: node.create_publisher(Image, f"{base}/{k}image", qos.STREAM) for k in kinds}
        self._infos = {k: node.create_publisher(CameraInfo, f"{base}/{k}camera_info", qos.LATCHED) for k in kinds}
        self._lenses: dict[str, CameraInfo] = {}

    def set_lens(self, lens: CameraIntrinsics | None, view: View) -> None:
        """Take the intrinsics of the raw picture from now on, None where nobody knows them."""
        self._lenses.clear()
        if lens is None:
            return
        size = (lens.image_width, lens.image_height)
        small = scaled(lens, view.part(*size), view.size, view.rotation)
        for kind in self._infos:
            self._lenses[kind] = convert.camera_info_to_msg(lens if kind else small, 0)
            self._lenses[kind].header.frame_id = self._raw_frame_id if kind else self._frame_id

    def send(self, frame: Frame, image: np.ndarray, small: np.ndarray) -> None:
        """Publish what the frame gives: its raw picture `image`, and `small`, the policy image."""
        self._send("", convert.image_to_msg(small, frame.stamp_ns, self._frame_id))
        if "raw/" in self._images:
            self._send("raw/", convert.image_to_msg(image, frame.stamp_ns, self._raw_frame_id))
        if "depth/" in self._images and frame.depth is not None:
            self._send("depth/", depth_to_msg(frame.depth, frame.stamp_ns, self._raw_frame_id))

    def _send(self, kind: str, msg: Image) -> None:
        self._images[kind].publish(msg)
        if kind in self._lenses:
            self._lenses[kind].header.stamp = msg.header.stamp
            self._infos[kind].publish(self._lenses[kind])

    def destroy(self) -> None:
        """Take the topics back."""
        for publisher in (*self._images.values(), *self._infos.values()):
            self._node.destroy_publisher(publisher)


def lens_of(config: CameraNodeConfig, optics: Optics | None, width: int, height: int) -> CameraIntrinsics | None:
    """Intrinsics of raw pictures of that size: from the calibration, else from the device, else None.

    Raises UsageError where the calibration is of another camera, by name or serial number, of another size or too old.
    """
    if config.calibration:
        serial = optics.serial if optics else ""
        days = config.calibration_max_days
        return load_intrinsics(config.calibration, config.camera, width, height, serial=serial, max_days=days)
    if optics is None:
        return None
    matrix = optics.matrix
    projection = np.hstack([matrix, np.zeros((3, 1))])
    return CameraIntrinsics(
        config.camera, width, height, matrix, optics.distortion_model, optics.distortion, np.eye(3), projection
    )


def depth_to_msg(depth: np.ndarray, stamp_ns: int, frame: str) -> Any:
    """Depth uint16 (H, W) [mm] to a 16UC1 Image (REP 118)."""
    msg = Image(height=depth.shape[0], width=depth.shape[1], encoding="16UC1", step=2 * depth.shape[1])
    msg.header.stamp, msg.header.frame_id = convert.time_to_msg(stamp_ns), frame
    msg.data = array.array("B", depth.astype("<u2").tobytes())
    return msg
