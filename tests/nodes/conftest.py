"""A step stream between real processes, and a policy node as a process between played ones."""

import os
import runpy
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from robot_rl.config.learning import LearnerConfig
from robot_rl.replay.commit import commit_path, read_committed
from robot_rl.replay.reader import ReplayReader
from robot_rl.replay.verify import verify
from robot_rl.replay.writer import ReplayWriter

FILE = Path(__file__).with_name("stream_lives.py")
RIG = Path(__file__).with_name("policy_rig.py")


class Stream:
    """Starts the processes of one stream and reads its store; `zygote` outlives all of them."""

    def __init__(self, folder: Path, zygote, domain: int) -> None:
        self.lives, self.store = runpy.run_path(str(FILE)), folder / f"{domain}.zarr"
        self.zygote, self._folder, self._domain = zygote, folder, domain
        ReplayWriter.open(self.store, self.lives["SPEC"], self.lives["META"], chunk_rows=(64, 256)).close()
        self._commit = os.open(commit_path(self.store), os.O_RDONLY)

    @property
    def committed(self) -> int:
        """Rows that count in the store."""
        return read_committed(self._commit, self.store)

    def record(self) -> int:
        """Start a recorder and return its PID."""
        return self.zygote.start("recorder", self._domain, str(self.store))

    def publish(self, run_id: int, rate_hz: float) -> int:
        """Start a publisher and return its PID."""
        self._notes(run_id).write_bytes(bytes(24))
        return self.zygote.start("publisher", self._domain, str(self._notes(run_id)), run_id, rate_hz)

    def notes(self, run_id: int) -> list[int]:
        """What a publisher has noted: steps sent, steps announced to be on disk, waits for the disk."""
        return np.fromfile(self._notes(run_id), np.uint64).tolist()

    def wait_for(self, condition: Callable[[], bool], timeout_s: float = 60.0) -> bool:
        """Wait until `condition` holds; false where it does not within `timeout_s`."""
        deadline = time.monotonic() + timeout_s
        while not condition() and time.monotonic() < deadline:
            time.sleep(0.001)
        return condition()

    def check(self, sent: dict[int, int], spare: int = 0) -> None:
        """The store holds the first steps of each run_id: as many as `sent`, or up to `spare` more; each once, in
        order, with the values it was sent with; and nothing else.
        """
        reader, found = ReplayReader(self.store), verify(self.store)
        assert (found.rows, found.missing_steps, found.problems) == (len(reader), 0, ())
        writers = reader.take("run_id", np.arange(len(reader)))
        assert set(writers.tolist()) == {run_id for run_id, count in sent.items() if count}
        for run_id, count in sent.items():
            rows = np.flatnonzero(writers == run_id)
            assert count <= len(rows) <= count + spare
            episodes, done = self.lives["episodes"](run_id), 0
            while done < len(rows):
                episode = next(episodes)[: len(rows) - done]
                assert reader.rows(rows[done : done + len(episode)]).tobytes() == episode.tobytes()
                done += len(episode)

    def _notes(self, run_id: int) -> Path:
        return self._folder / f"{self._domain}_{run_id}.notes"


@pytest.fixture
def streams(
    tmp_path: Path, zygote: Callable, free_domains: Callable[[], int], clean_shared_memory: Callable
) -> Iterator[Callable[[int], list[Stream]]]:
    """Make any number of streams; all their processes end with the test."""
    made: list[Stream] = []

    def make(count: int) -> list[Stream]:
        shared = zygote(FILE)
        made.extend(Stream(tmp_path, shared, free_domains()) for _ in range(count))
        return made

    yield make
    for stream in made:
        os.close(stream._commit)


@pytest.fixture
def rig(
    request: pytest.FixtureRequest, free_domain: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Any]:
    """A policy node as a process that acts with fresh weights, and everything around it; its param are parameters."""
    from robot_rl.learning.sac import SAC  # torch: not for the other tests
    from robot_rl.learning.weights import WeightsMeta, pack

    played = runpy.run_path(str(RIG))
    config, weights = LearnerConfig().sac, tmp_path / "policy.safetensors"
    weights.write_bytes(
        pack(WeightsMeta(5, "sac", config, played["SPEC"]), SAC(config, played["SPEC"]).actor_tensors())
    )
    monkeypatch.setenv("ROS_DOMAIN_ID", str(free_domain))
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    parameters = (
        f"weights:={weights}",
        "act:=mean",
        "wait_for_learner:=false",
        "episode_steps:=8",
        *getattr(request, "param", ()),
    )
    flags = [word for parameter in parameters for word in ("-p", parameter)]
    rig = played["Rig"](free_domain, [sys.executable, "-m", "robot_rl.nodes.policy", "--ros-args", *flags])
    yield rig
    rig.close()
    rig.kill_policy()
