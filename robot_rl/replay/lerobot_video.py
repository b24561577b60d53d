"""Films of camera frames with PyAV: written as LeRobot does (AV1, 4:2:0, a key frame every other frame), read by time.

Film is lossy: colour has half the resolution, and the coder rounds. Rendered 64x64 frames come back at about 34 dB.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import av
import av.error
import numpy as np

from robot_rl.core.errors import RobotRLError, UsageError
from robot_rl.core.scheduling import without_real_time
from robot_rl.replay.lerobot_format import VIDEO, place

CODER, CODEC, PIXELS = "libsvtav1", "av1", "yuv420p"
OPTIONS = {"g": "2", "crf": "18", "preset": "8"}
FORWARD_S = 2.0
"""How far ahead a reader decodes instead of seeking."""


def coding(height: int, width: int, fps: int) -> dict[str, Any]:
    """What info.json says of a film."""
    size = {"video.height": height, "video.width": width, "video.channels": 3, "video.fps": fps}
    coder = {"video.codec": CODEC, "video.pix_fmt": PIXELS, **{f"video.{key}": int(OPTIONS[key]) for key in OPTIONS}}
    return {**size, **coder, "video.is_depth_map": False, "is_depth_map": False, "has_audio": False}


class VideoFiles:
    """A camera's numbered films below `folder`: episode after episode, a new file where one has `limit` bytes."""

    def __init__(self, folder: Path, key: str, fps: int, limit: int) -> None:
        self._folder, self._key, self._fps, self._limit = folder, key, fps, limit
        self._number, self._frames, self._bytes = -1, 0, 0
        self._container: Any = None
        self._stream: Any = None

    def begin(self, height: int, width: int) -> tuple[int, int, float]:
        """Start an episode; returns the (chunk, file) numbers of its film and its first frame's time [s] in it."""
        if self._container is None or self._bytes >= self._limit:
            self.close()
            self._open(height, width)
        return (*place(self._number), self._frames / self._fps)

    def write(self, images: np.ndarray) -> None:
        """Append RGB frames (n, H, W, 3) uint8."""
        try:
            for image in images:
                frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
                frame.pts, frame.time_base = self._frames, Fraction(1, self._fps)
                packets = self._stream.encode(frame)
                self._container.mux(packets)
                self._frames, self._bytes = self._frames + 1, self._bytes + sum(packet.size for packet in packets)
        except av.error.FFmpegError as error:
            raise self._refused(error) from error

    def close(self, finish: bool = True) -> None:
        """Finish the newest film, or drop it; a second call does nothing."""
        container, self._container = self._container, None
        if container is None or not finish:
            return
        try:
            container.mux(self._stream.encode())
            container.close()
        except av.error.FFmpegError as error:
            raise self._refused(error) from error

    def _open(self, height: int, width: int) -> None:
        os.environ.setdefault("SVT_LOG", "1")  # else the coder writes a page of settings to standard error
        self._number, self._frames, self._bytes = self._number + 1, 0, 0
        chunk, file = place(self._number)
        path = self._folder / VIDEO.format(video_key=self._key, chunk_index=chunk, file_index=file)
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._container = av.open(str(path), "w", options={"movflags": "faststart"})
            self._stream = self._container.add_stream(CODER, self._fps, options=OPTIONS)
            self._stream.pix_fmt, self._stream.height, self._stream.width = PIXELS, height, width
            with without_real_time():
                self._stream.codec_context.open()
        except (av.error.FFmpegError, ValueError) as error:
            raise self._refused(error) from error

    def _refused(self, error: Exception) -> RobotRLError:
        return RobotRLError(f"cannot film '{self._key}' with {CODER} ({error}): free space, or use --lossless.")


class VideoReader:
    """Frames of one film by their time; asking in rising order decodes every frame once."""

    def __init__(self, path: Path, fps: float) -> None:
        """Open the film at `path`; UsageError if it is missing, RobotRLError if it cannot be read."""
        self.path, self._half = path, 0.5 / fps
        if not path.is_file():
            raise UsageError(f"'{path}' is missing: the dataset is incomplete, fetch it again.")
        try:
            self._container = av.open(str(path))
            self._stream = self._container.streams.video[0]
        except (av.error.FFmpegError, IndexError) as error:
            raise RobotRLError(f"'{path}' is no film that can be read ({error}): fetch it again.") from None
        self._stream.thread_type = "AUTO"
        self._frames: Iterator[Any] = self._container.decode(self._stream)
        self._current: Any = None
        self._time = 0.0

    def frame(self, time: float) -> np.ndarray:
        """RGB frame (H, W, 3) uint8 shown at `time` [s]; RobotRLError where the film has none there."""
        try:
            if not -self._half <= time - self._time <= FORWARD_S:
                self._seek(time)
            while self._current is None or self._time < time - self._half:
                self._current = next(self._frames)
                self._time = self._current.time
        except (StopIteration, av.error.FFmpegError):
            raise RobotRLError(f"'{self.path}' has no frame at {time:.3f} s: it is cut off, fetch it again.") from None
        if self._time > time + self._half:
            raise RobotRLError(f"'{self.path}' lacks the frame at {time:.3f} s: the dataset is damaged.")
        return np.asarray(self._current.to_ndarray(format="rgb24"))

    def close(self) -> None:
        """Close the file."""
        self._container.close()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self.close()

    def _seek(self, time: float) -> None:
        """Go to the last key frame before `time`."""
        ticks = int(max(time - self._half, 0.0) / (self._stream.time_base or 1))
        self._container.seek(ticks, backward=True, stream=self._stream)
        self._frames, self._current = self._container.decode(self._stream), None


def is_depth(feature: Mapping[str, Any]) -> bool:
    """True where an image feature holds depth, in any of the ways in which datasets say so."""
    notes = [feature.get("info") or {}, feature.get("video_info") or {}]
    return any(note.get("is_depth_map") or note.get("video.is_depth_map") for note in notes)
