"""One camera as a lifecycle node: opens its device, publishes what it sees, and says what is wrong with it."""

from __future__ import annotations

import sys
import threading
from typing import Any

import numpy as np
from rclpy.lifecycle import LifecycleNodeMixin, LifecycleState, TransitionCallbackReturn

from robot_rl.config.camera import CameraNodeConfig
from robot_rl.core.errors import RobotRLError, UsageError
from robot_rl.nodes.camera_out import CameraTopics, lens_of
from robot_rl.nodes.diagnostics import ERROR, OK, WARN, Diagnostics, Report
from robot_rl.nodes.runner import GraphNode, run
from robot_rl.perception.cameras.camera import Frame
from robot_rl.perception.cameras.capture import Capture, CaptureState
from robot_rl.perception.cameras.drivers import open_camera
from robot_rl.perception.cameras.ops import View, swap_channels
from robot_rl.perception.cameras.watch import Blindness, PictureWatch

TAKE_S, CHECK_S = 0.1, 0.1
SLOW = 0.8
"""A camera below this part of its rate is reported."""
DONE = TransitionCallbackReturn.SUCCESS


class CameraNode(LifecycleNodeMixin, GraphNode):
    """Configured it holds the device, active it publishes. By default it becomes active by itself.

    A device that is absent, busy, silent or unplugged is tried again and again, and until it sees again nothing is
    published, so that whoever waits for pictures holds the robot. The same holds for frozen and black pictures.
    """

    def __init__(self) -> None:
        GraphNode.__init__(self, "camera")
        self.config = self.configure(CameraNodeConfig)
        LifecycleNodeMixin.__init__(self)
        self._capture: Capture | None = None
        self._active, self._connection, self._sent, self._age_ns = False, 0, 0, 0
        self._blindness: Blindness | None = None
        self._failure: RobotRLError | None = None
        self._said, self._times = "", list[tuple[int, int]]()
        self.create_timer(CHECK_S, self._check)
        Diagnostics(self, "pictures", self.config.device or self.config.driver, self._report)
        if self.config.autostart:
            self.trigger_configure()
            self._raise_failure()
            self.trigger_activate()

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Begin to open the device; it need not be there yet."""
        del state
        config = self.config
        try:
            if config.driver == "topic":
                raise UsageError("driver is 'topic', which needs no camera node: choose another driver.")
            self._view = View.of(config)
        except RobotRLError as error:
            self._failure = error
            return TransitionCallbackReturn.FAILURE
        self._topics = CameraTopics(self, config)
        self._capture = Capture(lambda: open_camera(config, self.now_ns), config.silent_s, config.backoff_s)
        self._connection, self._over = 0, threading.Event()
        self._thread = threading.Thread(target=self._pump, args=(self._capture,), name="publish", daemon=True)
        self._capture.start()
        self._thread.start()
        return DONE

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Publish from now on."""
        del state
        self._active = True
        return DONE

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Publish nothing from now on; the device stays open."""
        del state
        self._active = False
        return DONE

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Release the device."""
        del state
        self._release()
        return DONE

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Release the device, and end the process."""
        del state
        self._release()
        self.finish(0)
        return DONE

    def _release(self) -> None:
        self._active = False
        if self._capture is not None:
            self._over.set()
            self._thread.join(5.0)
            self._capture.stop()
            self._topics.destroy()
            self._capture = None

    def _pump(self, capture: Capture) -> None:
        """Publish the newest frame whenever there is one, on a thread of its own."""
        try:
            while not self._over.is_set():
                frame = capture.take(TAKE_S)
                if frame is not None:
                    self._see(frame, capture.state)
        except RobotRLError as error:
            self._failure = error
        except Exception as error:  # noqa: BLE001 - a thread must not end silently
            self._failure = RobotRLError(f"pictures cannot be published: {type(error).__name__}: {error}.")

    def _see(self, frame: Frame, state: CaptureState) -> None:
        if state.connections != self._connection:
            self._begin(frame, state)
        image = swap_channels(frame.image) if self.config.channels == "bgr" else frame.image
        small = np.ascontiguousarray(self._view(image))
        self._blindness = self._watch.judge(image, small, frame.stamp_ns)
        if self._active and self._blindness is None:
            self._topics.send(frame, image, small)
            self._sent += 1
            now_ns = self.now_ns()
            self._age_ns = max(self._age_ns, now_ns - frame.stamp_ns)
            if self.config.timing_file:
                self._times.append((frame.stamp_ns, now_ns))

    def _begin(self, frame: Frame, state: CaptureState) -> None:
        """A device was opened, perhaps another one of the same name: what is known of its pictures begins anew."""
        config, (height, width) = self.config, frame.image.shape[:2]
        self._connection = state.connections
        self._watch = PictureWatch(config.frozen_s if state.live else 0.0, config.black_s, config.black_level)
        self._topics.set_lens(lens_of(config, state.optics, width, height), self._view)

    def _check(self) -> None:
        """Say what has changed, and end with what no waiting mends."""
        capture = self._capture
        if capture is None or capture.state == CaptureState():
            return
        self._failure = self._failure or capture.refusal
        self._raise_failure()
        wrong = self._wrong(capture.state)
        if wrong != self._said:
            self._said = wrong
            name = f"camera '{self.config.camera}'"
            if wrong:
                self.get_logger().warning(f"{name}: {wrong}")
            else:
                self.get_logger().info(f"{name} sees")

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise type(self._failure)(f"camera '{self.config.camera}': {self._failure}")

    def _wrong(self, state: CaptureState) -> str:
        if not state.connected:
            return state.sentence
        return "" if self._blindness is None else f"{self._blindness.value}."

    def _report(self) -> Report:
        state = self._capture.state if self._capture else CaptureState(sentence="not configured")
        wrong = self._wrong(state)
        level, sentence = (ERROR, wrong) if wrong else (OK, "ok")
        if level == OK and not self._active:
            level, sentence = WARN, "inactive: it publishes nothing before it is activated"
        elif level == OK and state.rate_hz < SLOW * self.config.fps:
            level, sentence = WARN, f"slow: {state.rate_hz:.1f} frames a second instead of {self.config.fps:g}"
        age_ns, self._age_ns = self._age_ns, 0
        offset = state.clock_offset_ns
        return (
            level,
            sentence,
            {
                "state": self._state_machine.current_state[1],
                "connected": state.connected,
                "frozen": self._blindness is Blindness.FROZEN,
                "black": self._blindness is Blindness.BLACK,
                "rate_hz": round(state.rate_hz, 2),
                "received": state.received,
                "sent": self._sent,
                "dropped": state.dropped,
                "missed": state.missed,
                "connections": state.connections,
                "age_max_ms": round(age_ns * 1e-6, 3),
                "exposure_us": "unknown" if state.exposure_us is None else round(state.exposure_us, 1),
                "gain": "unknown" if state.gain is None else state.gain,
                "clock_offset_ms": "none" if offset is None else round(offset * 1e-6, 3),
            },
        )

    def close(self) -> None:
        """Release the device; leave the times of what was sent where they are asked for."""
        self._release()
        if self.config.timing_file:
            np.save(self.config.timing_file, np.array(self._times, np.int64).reshape(-1, 2))


def main(args: Any = None) -> int:
    """Run the node; return its exit code."""
    return run(CameraNode, args)


if __name__ == "__main__":
    sys.exit(main())
