"""An image, a folder of images or a video as a camera."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path

import numpy as np

from robot_rl.config.camera import CameraNodeConfig
from robot_rl.core.errors import UsageError
from robot_rl.perception.cameras.camera import Clock, Frame
from robot_rl.perception.cameras.ops import swap_channels
from robot_rl.perception.cameras.pace import Pace

IMAGES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".ppm")


class FileCamera:
    """Plays frames at `fps`, in order of their names; at the end again from the start, or silence (loop: false)."""

    live, optics, clock_offset_ns = False, None, None

    def __init__(self, config: CameraNodeConfig, clock: Clock) -> None:
        self._clock, self._path = clock, Path(config.device)
        self._frames = _frames(self._path, config.loop)
        self._next: np.ndarray | None = next(self._frames)
        self._shape = self._next.shape
        self._pace = Pace(config.fps)

    def read(self, timeout_s: float) -> Frame | None:
        """The next picture; UsageError where it has another size than the first."""
        number = self._pace.wait(timeout_s)
        if number is None or self._next is None:
            return None
        image, stamp_ns = self._next, self._clock()
        if image.shape != self._shape:
            sizes = [f"{shape[1]}x{shape[0]}" for shape in (image.shape, self._shape)]
            raise UsageError(
                f"'{self._path}' holds pictures of {sizes[0]} px beside {sizes[1]} px: give them one size."
            )
        self._next = next(self._frames, None)
        return Frame(image, stamp_ns, number)

    def close(self) -> None:
        """Release the file."""
        self._frames.close()


def _frames(path: Path, loop: bool) -> Generator[np.ndarray, None, None]:
    """The pictures of `path`, once or for ever; UsageError where there is none."""
    if not path.exists():
        raise UsageError(f"there is no '{path}': give the path of an image, a video or a folder of images.")
    while True:
        yield from _stills(path) if path.is_dir() or path.suffix.lower() in IMAGES else _video(path)
        if not loop:
            return


def _stills(path: Path) -> Iterator[np.ndarray]:
    import cv2

    files = [path] if path.is_file() else sorted(file for file in path.iterdir() if file.suffix.lower() in IMAGES)
    if not files:
        raise UsageError(f"folder '{path}' holds no images ({', '.join(IMAGES)}): put some there.")
    for file in files:
        image = cv2.imread(str(file), cv2.IMREAD_COLOR)
        if image is None:
            raise UsageError(f"'{file}' cannot be read as an image: mend or remove it.")
        yield swap_channels(image)


def _video(path: Path) -> Iterator[np.ndarray]:
    import cv2

    capture = cv2.VideoCapture(str(path))
    try:
        good, image = capture.read()
        if not good:
            raise UsageError(f"'{path}' cannot be read as a video: mend it, or give another file.")
        while good:
            yield swap_channels(image)
            good, image = capture.read()
    finally:
        capture.release()
