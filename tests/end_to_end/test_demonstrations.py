"""A person's way through a recording, from the command line to the store."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from robot_rl.replay.reader import ReplayReader
from robot_rl.replay.verify import verify

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(580)]
ROBOT_RL = [sys.executable, "-m", "robot_rl.cli.main"]


def person(verb: str, domain: int) -> bool:
    """Ask once; true where it was granted."""
    words = [*ROBOT_RL, "episode", verb, "--domain", str(domain)]
    return subprocess.run(words, capture_output=True, timeout=60).returncode == 0


def until(done: Callable[[], bool], timeout_s: float = 240.0) -> None:
    """Call `done` until it holds."""
    deadline = time.monotonic() + timeout_s
    while not done():
        assert time.monotonic() < deadline


def test_what_is_discarded_never_reaches_the_store_and_what_is_kept_is_whole(tmp_path: Path, free_domain: int) -> None:
    words = ["--review", "true", "--countdown", "0.5", "--episodes", "2", "--domain", str(free_domain), "mine.zarr"]
    with (tmp_path / "said").open("w") as file:
        graph = subprocess.Popen([*ROBOT_RL, "demo", *words], cwd=tmp_path, stdout=file, stderr=file)
    try:
        until(lambda: person("start", free_domain) or graph.poll() is not None)
        until(lambda: person("discard", free_domain) or graph.poll() is not None)
        # From now on each start begins an episode, or keeps the one that is over and begins the next.
        until(lambda: not person("start", free_domain) and graph.poll() is not None)
        assert graph.returncode == 0, (tmp_path / "said").read_text()
    finally:
        graph.kill()
        graph.wait()
    reader, found = ReplayReader(tmp_path / "mine.zarr"), verify(tmp_path / "mine.zarr")
    assert sum(episode.success for episode in reader.episodes()) == 2
    assert [episode.number for episode in reader.episodes()] == list(range(len(reader.episodes())))
    assert (found.missing_steps, found.problems) == (0, ())
    assert reader.take("seq", np.arange(len(reader))).tolist() == list(range(len(reader)))
    said = (tmp_path / "said").read_text()
    assert "discarded 1" in said and "begins in 1" in said and "demonstrations are in" in said
