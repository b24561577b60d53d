"""A camera on a thread of its own: the newest frame wins, and a lost device is opened again."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from robot_rl.core.errors import RobotRLError, UsageError
from robot_rl.perception.cameras.camera import Camera, CameraLost, Frame, Optics

FIRST_PAUSE_S = 0.2
POLL_S = 0.1
"""Longest wait in the device before the thread looks whether it shall stop."""
RATE_OVER = 30
"""Frames over which the rate is taken."""


@dataclass(frozen=True)
class CaptureState:
    """What became of a camera so far."""

    connected: bool = False
    sentence: str = "the device is being opened"
    """What is wrong while it is not connected."""
    received: int = 0
    dropped: int = 0
    """Frames replaced by a newer one before anybody took them."""
    missed: int = 0
    """Frames that the device counted and this computer never got."""
    connections: int = 0
    """How often the device was opened."""
    rate_hz: float = 0.0
    exposure_us: float | None = None
    gain: float | None = None
    clock_offset_ns: int | None = None
    live: bool = True
    optics: Optics | None = None


class Capture:
    """Opens a camera by `open_camera`, reads it, and opens it again after a loss, with growing pauses."""

    def __init__(self, open_camera: Callable[[], Camera], silent_s: float = 1.0, longest_pause_s: float = 5.0) -> None:
        self.state = CaptureState()
        self.refusal: RobotRLError | None = None
        """What no waiting mends (a mode that the device does not have, a defect); the thread has ended with it."""
        self._open, self._silent_s, self._longest_s = open_camera, silent_s, longest_pause_s
        self._newest: Frame | None = None
        self._condition = threading.Condition()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="capture", daemon=True)

    def start(self) -> None:
        """Begin, once."""
        self._thread.start()

    def stop(self, timeout_s: float = 5.0) -> None:
        """End, and close the device."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def take(self, timeout_s: float) -> Frame | None:
        """The newest frame that nobody has taken yet, None where none comes within `timeout_s`."""
        with self._condition:
            self._condition.wait_for(lambda: self._newest is not None, timeout_s)
            frame, self._newest = self._newest, None
            return frame

    def _run(self) -> None:
        pause = FIRST_PAUSE_S
        while not self._over.is_set():
            before = self.state.received
            try:
                self._session()
            except CameraLost as error:
                self.state = replace(self.state, connected=False, sentence=str(error), rate_hz=0.0)
            except UsageError as error:
                self._refuse(error)
                return
            except Exception as error:  # noqa: BLE001 - a driver's own exceptions must not end in a silent thread
                self._refuse(RobotRLError(f"the camera driver failed with {type(error).__name__}: {error}."))
                return
            pause = FIRST_PAUSE_S if self.state.received > before else pause
            self._over.wait(pause)
            pause = min(2.0 * pause, self._longest_s)

    def _refuse(self, error: RobotRLError) -> None:
        self.state = replace(self.state, connected=False, sentence=str(error), rate_hz=0.0)
        self.refusal = error

    def _session(self) -> None:
        """One life of the device, from opening to its loss or the end."""
        camera = self._open()
        try:
            self.state = replace(
                self.state,
                connected=True,
                sentence="ok",
                connections=self.state.connections + 1,
                live=camera.live,
                optics=camera.optics,
            )
            self._read(camera)
        finally:
            camera.close()

    def _read(self, camera: Camera) -> None:
        heard, last, stamps = time.monotonic(), None, deque[int](maxlen=RATE_OVER)
        while not self._over.is_set():
            frame = camera.read(min(POLL_S, self._silent_s))
            if frame is not None:
                missed = max(frame.number - last - 1, 0) if last is not None else 0
                heard, last = time.monotonic(), frame.number
                stamps.append(frame.stamp_ns)
                self._put(frame, missed, stamps, camera.clock_offset_ns)
            elif time.monotonic() - heard > self._silent_s:
                raise CameraLost(f"the device has sent no frame for {self._silent_s:g} s: check its cable.")

    def _put(self, frame: Frame, missed: int, stamps: deque[int], offset_ns: int | None) -> None:
        span = stamps[-1] - stamps[0]
        with self._condition:
            self.state = replace(
                self.state,
                received=self.state.received + 1,
                dropped=self.state.dropped + (self._newest is not None),
                missed=self.state.missed + missed,
                rate_hz=(len(stamps) - 1) * 1e9 / span if span > 0 else 0.0,
                exposure_us=frame.exposure_us,
                gain=frame.gain,
                clock_offset_ns=offset_ns,
            )
            self._newest = frame
            self._condition.notify()
