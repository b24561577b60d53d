"""A calibration session on disk: pictures of a board, and the robot's joint positions they were taken at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml

from robot_rl.config.loader import load, read_yaml
from robot_rl.config.param import param
from robot_rl.core.errors import UsageError
from robot_rl.core.files import write_atomic

FILE = "session.yaml"
PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")


@dataclass(frozen=True, kw_only=True)
class Shot:
    """One picture of a session."""

    image: str = param(description="file in the session's folder")
    joints: tuple[float, ...] = param((), "joint positions in the robot's order; () for a board shown by hand")
    tcp_px: tuple[float, ...] = param((), "column and row at which the tcp is seen, where that is known", unit="px")


@dataclass(frozen=True, kw_only=True)
class SessionInfo:
    """What a session is of."""

    camera: str = param(description="name of the camera")
    serial: str = param("", "its serial number")
    robot: str = param("", "robot: a name in config/robots or a path to its YAML; '' for a board shown by hand")
    mount: str = param("free", "what moves what", choices=("free", "eye_in_hand", "eye_to_hand"))
    board: str = param(description="board: a name in calibration/boards or a path to its YAML")


@dataclass(frozen=True, kw_only=True)
class _Document(SessionInfo):
    shots: tuple[Shot, ...] = param((), "pictures, in order")


class Session:
    """A session that is being recorded: every shot is on disk when `add` returns."""

    def __init__(self, folder: Path, info: SessionInfo) -> None:
        """Begin in `folder`, new or empty of sessions; UsageError where it holds one."""
        if (folder / FILE).exists():
            raise UsageError(f"'{folder}' holds a session already: name another folder, or delete that one.")
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.info, self.shots = folder, info, list[Shot]()
        self._write()

    def add(self, image: np.ndarray, joints: np.ndarray | None = None, tcp_px: np.ndarray | None = None) -> Shot:
        """Write a picture, uint8 (H, W, 3) RGB, with the joint positions (J,) and where the tcp is seen (2,)."""
        name = f"{len(self.shots):03d}.png"
        done, data = cv2.imencode(".png", np.ascontiguousarray(image[..., ::-1]))
        if not done:
            raise UsageError(f"a picture of shape {image.shape} cannot be written as PNG: check the camera.")
        write_atomic(self.folder / name, bytes(data))
        shot = Shot(image=name, joints=_plain(joints), tcp_px=_plain(tcp_px))
        self.shots.append(shot)
        self._write()
        return shot

    def _write(self) -> None:
        shots = [{k: list(v) if isinstance(v, tuple) else v for k, v in asdict(s).items() if v} for s in self.shots]
        document: dict[str, Any] = {**asdict(self.info), "shots": shots}
        text = yaml.safe_dump(document, sort_keys=False, default_flow_style=None, width=1000)
        write_atomic(self.folder / FILE, text.encode())


def read_session(folder: Path) -> tuple[SessionInfo, tuple[Shot, ...]]:
    """What a session's folder says of itself, and its shots; UsageError where it is none or cannot be read."""
    if not (folder / FILE).is_file():
        raise UsageError(f"'{folder}' holds no {FILE}: record a session with 'robot-rl calibrate collect'.")
    document = load(_Document, read_yaml(folder / FILE), f"'{folder / FILE}'")
    info = {key: getattr(document, key) for key in ("camera", "serial", "robot", "mount", "board")}
    return SessionInfo(**info), document.shots


def pictures(folder: Path) -> Iterator[tuple[str, np.ndarray]]:
    """Name and uint8 (H, W, 3) RGB of every picture in a folder, by name; UsageError where there is none."""
    if not folder.is_dir():
        raise UsageError(f"'{folder}' is no folder: give one with pictures of the board.")
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in PICTURES)
    if not files:
        raise UsageError(f"'{folder}' holds no pictures ({', '.join(PICTURES)}): give a folder with some.")
    for path in files:
        yield path.name, read_picture(path)


def read_picture(path: Path) -> np.ndarray:
    """A picture as uint8 (H, W, 3) RGB; UsageError where it cannot be read."""
    image = cv2.imread(str(path), cv2.IMREAD_COLOR) if path.is_file() else None
    if image is None:
        raise UsageError(f"'{path}' cannot be read as a picture: give a whole PNG or JPEG file, or delete it.")
    rgb: np.ndarray = np.ascontiguousarray(image[..., ::-1])
    return rgb


def _plain(values: np.ndarray | None) -> tuple[float, ...]:
    return () if values is None else tuple(round(float(value), 9) for value in values)
