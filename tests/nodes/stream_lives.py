"""Both ends of the step stream as a zygote's children (tests/zygote.py): the recorder node, and a publisher.

The publisher is a policy node's sending end without robot or network: episodes of random length, each step numbered
and telling by its values which it is, as fast as is asked for and the stream allows. Upon SIGINT it ends its episode
and stays until all is on disk. It keeps a file of three uint64: steps sent, steps announced to be on disk, and how
often it had to wait for the disk.
"""

import os
import random
from collections.abc import Iterator

import numpy as np
from rclpy.clock import Clock, ClockType

from robot_rl.config.nodes import RigConfig
from robot_rl.control.backlog import BacklogRule
from robot_rl.nodes import recorder
from robot_rl.nodes.runner import GraphNode, run
from robot_rl.nodes.step_stream import StepStream
from robot_rl.replay.synthetic import synthetic_episode
from robot_rl.robot.spec import load_robot, step_spec

META = {"task": "reach", "robot": "fr3_sim"}
MAX_BACKLOG, LONGEST = 700, 60
BURST = 4
"""Steps sent at once: what a wake-up costs is spread over them."""
RIG = RigConfig(image_size=16)
SPEC = step_spec(RIG, load_robot(RIG.robot))


def episodes(run_id: int) -> Iterator[np.ndarray]:
    """The records (n,) of one episode of a publisher after the other, without end."""
    chance, seq, number = random.Random(run_id), 0, 0
    while True:
        rows = chance.randint(2, LONGEST)
        yield synthetic_episode(SPEC, rows, first_seq=seq, run_id=run_id, episode=number, terminal=number % 3 > 0)
        seq, number = seq + rows, number + 1


class Publisher(GraphNode):
    """Sends the episodes of `run_id` one after the other, none before the stream allows it."""

    def __init__(self, notes: str, run_id: int, rate_hz: float) -> None:
        super().__init__("publisher")
        self._notes = np.memmap(notes, np.uint64, "r+", shape=(3,))
        self._episodes, self._rest = episodes(run_id), np.empty(0)
        self._ended, self._held = False, False
        rule = BacklogRule(MAX_BACKLOG, max_update_debt=0, longest=LONGEST)
        self.stream = StepStream(self, run_id, rule, self._note)
        self.create_timer(BURST / rate_hz, self._tick, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def _tick(self) -> None:
        for _ in range(BURST):
            if not len(self._rest) and not self._begin():
                return
            assert not self.stream.full, "an episode outgrew the stream's history"
            self.stream.send(self._rest[:1])
            self._rest = self._rest[1:]
            self._note()

    def _begin(self) -> bool:
        refused = bool(self.stream.refusal)
        self._notes[2] += refused and self.stream.sent > 0 and not self._held
        self._held = refused
        if not refused and not self._ended:
            self._rest = next(self._episodes)
        return len(self._rest) > 0

    def _note(self) -> None:
        self._notes[0] = self.stream.sent
        self._notes[1] = self.stream.backlog.committed if self.stream.backlog else 0

    def leave(self) -> None:
        """Begin no further episode."""
        self._ended = True

    @property
    def left(self) -> bool:
        """True once the last episode has been sent and written."""
        return not len(self._rest) and self.stream.settled


def life(role: str, domain: int, *arguments: object) -> int:
    """Be the 'recorder' (of a store), or the 'publisher' (file of notes, run_id, steps a second), in a ROS domain."""
    os.environ["ROS_DOMAIN_ID"] = str(domain)
    if role == "recorder":
        words = (f"store:={arguments[0]}", f"image_size:={RIG.image_size}")
        return recorder.main(["--ros-args", *(word for pair in words for word in ("-p", pair))])
    notes, run_id, rate_hz = arguments
    return run(lambda: Publisher(str(notes), int(str(run_id)), float(str(rate_hz))), [])
