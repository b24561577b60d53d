"""The capture thread: newest frame wins, losses are counted, a lost device is opened again."""

import threading
import time
from collections.abc import Callable, Iterator
from queue import Empty, Queue

import numpy as np
import pytest

from robot_rl.core.errors import UsageError
from robot_rl.perception.cameras.camera import CameraLost, Frame
from robot_rl.perception.cameras.capture import Capture

IMAGE = np.zeros((16, 16, 3), np.uint8)


class Played:
    """A device whose frames and failures the test decides."""

    live, optics, clock_offset_ns = True, None, None

    def __init__(self) -> None:
        self.frames: Queue[Frame | Exception] = Queue()
        self.opened = self.closed = 0
        self.absent = False

    def open(self) -> "Played":
        if self.absent:
            raise CameraLost("no such camera: plug it in.")
        self.opened += 1
        return self

    def read(self, timeout_s: float) -> Frame | None:
        try:
            frame = self.frames.get(timeout=timeout_s)
        except Empty:
            return None
        if isinstance(frame, Exception):
            raise frame
        return frame

    def close(self) -> None:
        self.closed += 1


def until(condition: Callable[[], bool], timeout_s: float = 20.0) -> bool:
    deadline = time.monotonic() + timeout_s
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.002)
    return condition()


@pytest.fixture
def device() -> Played:
    return Played()


@pytest.fixture
def capture(device: Played) -> Iterator[Capture]:
    capture = Capture(device.open, silent_s=0.3, longest_pause_s=0.2)
    capture.start()
    yield capture
    capture.stop()


def test_the_newest_frame_wins_and_the_others_are_counted(device: Played, capture: Capture) -> None:
    for n in range(5):
        device.frames.put(Frame(IMAGE, n + 1, n))
    assert until(lambda: capture.state.received == 5)
    frame = capture.take(1.0)
    assert frame is not None and frame.number == 4 and capture.state.dropped == 4
    assert capture.take(0.01) is None


def test_gaps_of_the_devices_count_are_missed_frames(device: Played, capture: Capture) -> None:
    for number in (3, 4, 8):
        device.frames.put(Frame(IMAGE, number, number))
    assert until(lambda: capture.state.received == 3)
    assert capture.state.missed == 3


def test_rate_exposure_and_gain(device: Played, capture: Capture) -> None:
    for n in range(10):
        device.frames.put(Frame(IMAGE, n * 50_000_000, n, exposure_us=100.0 + n, gain=2.0))
    assert until(lambda: capture.state.received == 10)
    state = capture.state
    assert (round(state.rate_hz, 6), state.exposure_us, state.gain) == (20.0, 109.0, 2.0)


def test_a_lost_device_is_said_closed_and_opened_again(device: Played, capture: Capture) -> None:
    device.frames.put(Frame(IMAGE, 1, 1))
    assert until(lambda: capture.state.received == 1)
    device.absent = True
    device.frames.put(CameraLost("it is unplugged: plug it in."))
    assert until(lambda: capture.state.sentence == "no such camera: plug it in.")
    assert not capture.state.connected and (device.opened, device.closed) == (1, 1)
    device.absent = False
    assert until(lambda: capture.state.connected)
    device.frames.put(Frame(IMAGE, 2, 1))
    assert until(lambda: capture.state.received == 2)
    assert capture.state.connections == 2 and capture.state.missed == 0


def test_a_silent_device_is_opened_again(device: Played, capture: Capture) -> None:
    assert until(lambda: device.opened == 2)
    assert "no frame for 0.3 s" in capture.state.sentence or capture.state.connected
    assert device.closed >= 1


def test_an_absent_device_is_tried_with_growing_pauses(device: Played) -> None:
    tries: list[float] = []

    def absent() -> Played:
        tries.append(time.monotonic())
        raise CameraLost("absent")

    capture = Capture(absent, longest_pause_s=0.8)
    capture.start()
    assert until(lambda: len(tries) == 5)
    capture.stop()
    pauses = np.diff(tries)
    assert np.all(pauses > [0.19, 0.39, 0.79, 0.79])


@pytest.mark.parametrize(
    ("error", "sentence"),
    [(UsageError("no such mode: choose another."), "no such mode"), (ValueError("x"), "ValueError: x")],
)
def test_what_waiting_does_not_mend_ends_the_thread(device: Played, capture: Capture, error, sentence) -> None:
    device.frames.put(error)
    assert until(lambda: capture.refusal is not None)
    assert sentence in str(capture.refusal) and sentence in capture.state.sentence
    assert device.closed == 1 and not capture.state.connected


def test_stop_closes_the_device_and_ends_the_thread(device: Played, capture: Capture) -> None:
    assert until(lambda: capture.state.connected)
    capture.stop()
    assert device.closed == 1
    assert not [thread for thread in threading.enumerate() if thread is capture._thread]


def test_take_wakes_up_for_a_frame(device: Played, capture: Capture) -> None:
    threading.Timer(0.05, lambda: device.frames.put(Frame(IMAGE, 1, 1))).start()
    frame = capture.take(20.0)
    assert frame is not None and frame.number == 1
