"""Parameters of one camera: which device drives it, its mode, and how its frames become the policy's images."""

from __future__ import annotations

from dataclasses import dataclass

from robot_rl.config.nodes import CALIBRATION_AGE, RigConfig
from robot_rl.config.param import param

DRIVERS = ("topic", "realsense", "v4l2", "file", "pattern")
DRIVER = "what gives the pictures: a topic of a driver node of your own, or a device that the camera node opens"
DEVICE = (
    "realsense: serial number ('' for the only one); v4l2: number, path, or name in /dev/v4l/by-id; "
    "file: an image, a video or a folder of images"
)
TOPIC = "driver topic: Image topic (rgb8 or bgr8) of your own driver node; '' for camera/<name>/image"
CROP = "x, y, width, height of the part of the raw picture to use; [] for the largest centred square"
CALIBRATION = "folder with <camera>.yaml, camera_info of the raw pictures; '' for what the device says of itself"
FROZEN = "identical frames for this long count as a frozen picture and are not published; 0 for never, as for files"
BLACK = "black frames for this long are not published; 0 for never"
BLACK_LEVEL = "a policy image whose brightest value is not above this is black"
SILENT = "a device that gives no frame for this long is closed and opened again"
BACKOFF = "longest pause before a lost device is opened again; the first is 0.2 s, each the double of the last"
AUTOSTART = "configure and activate by itself; false waits for lifecycle transitions"


@dataclass(frozen=True, kw_only=True)
class CameraNodeConfig(RigConfig):
    """One camera of the rig."""

    camera: str = param("camera", "name of the camera; its topics are camera/<name>/...")
    driver: str = param("topic", DRIVER, choices=DRIVERS)
    device: str = param("", DEVICE)
    topic: str = param("", TOPIC)
    width: int = param(640, "width of the raw picture; a file has its own", ge=16, le=8192, unit="px")
    height: int = param(480, "height of the raw picture; a file has its own", ge=16, le=8192, unit="px")
    fps: float = param(30.0, "frames a second", ge=0.1, le=1000.0, unit="Hz")
    fourcc: str = param("", "v4l2: pixel format, such as MJPG or YUYV; '' for the device's choice")
    exposure_us: float = param(0.0, "exposure time; 0 for automatic", ge=0.0, le=1e6, unit="us")
    gain: float = param(-1.0, "gain in the device's own unit; -1 for automatic", ge=-1.0, le=1e6)
    white_balance_k: float = param(0.0, "colour temperature; 0 for automatic", ge=0.0, le=20000.0, unit="K")
    depth: bool = param(False, "realsense: publish depth as well, aligned to colour")
    loop: bool = param(True, "file: begin again at the end, instead of falling silent")
    channels: str = param("rgb", "bgr for a device that has red and blue swapped", choices=("rgb", "bgr"))
    crop: tuple[int, ...] = param((), CROP, ge=0, unit="px")
    rotation: int = param(0, "turn of the cropped picture, clockwise", choices=(0, 90, 180, 270), unit="degrees")
    raw: bool = param(False, "publish the raw picture as well")
    calibration: str = param("", CALIBRATION)
    calibration_max_days: float = param(0.0, CALIBRATION_AGE, ge=0.0, unit="days")
    frozen_s: float = param(1.0, FROZEN, ge=0.0, le=60.0, unit="s")
    black_s: float = param(1.0, BLACK, ge=0.0, le=60.0, unit="s")
    black_level: int = param(10, BLACK_LEVEL, ge=0, le=255)
    silent_s: float = param(1.0, SILENT, ge=0.1, le=60.0, unit="s")
    backoff_s: float = param(5.0, BACKOFF, ge=0.2, le=300.0, unit="s")
    autostart: bool = param(True, AUTOSTART)
    timing_file: str = param("", "file for stamp and time of every image sent, for `robot-rl bench cameras`")
