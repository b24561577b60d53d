"""What a time limit and a true ending mean, where other stacks go wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from robot_rl.core.record import StepSpec
from robot_rl.replay.batch import Batch
from robot_rl.replay.reader import ReplayReader
from robot_rl.replay.sampler import UniformSampler
from robot_rl.replay.synthetic import synthetic_episode


def last_step(path: Path, row: int, n: int = 1) -> Batch:
    """The transition from `row`, as a batch of one."""
    reader = ReplayReader(path)
    batch = Batch.allocate(reader.spec, 1)
    UniformSampler(reader, n, 0.9).gather(np.array([row]), batch)
    return batch


@pytest.mark.parametrize("n", [1, 3])
def test_time_limited_step_bootstraps_from_its_own_last_observation(
    store: Callable[..., Path], spec: StepSpec, n: int
) -> None:
    """Not from the next episode's first frame (LeRobot 0.4.4 with optimize_memory), and with its discount."""
    first = synthetic_episode(spec, 5)
    second = synthetic_episode(spec, 5, first_seq=5, episode=1)
    batch = last_step(store(first, second), 3, n)
    np.testing.assert_array_equal(batch["next_images"][0, 0], first[4]["image_wrist"])
    np.testing.assert_array_equal(batch["next_proprio"][0], first[4]["proprio"])
    assert not np.array_equal(batch["next_images"][0, 0], second[0]["image_wrist"])
    assert batch["discount"][0] == np.float32(0.9)
    assert batch["reward"][0] == first[3]["reward"]


def test_time_limit_is_no_termination_and_success_is(store: Callable[..., Path], spec: StepSpec) -> None:
    """hil-serl stores time-outs as terminations: the value of the state there would be learned as zero."""
    limited = synthetic_episode(spec, 4)
    ended = synthetic_episode(spec, 4, first_seq=4, episode=1, terminal=True)
    path = store(limited, ended)
    assert last_step(path, 2)["discount"][0] > 0.0
    assert last_step(path, 6)["discount"][0] == 0.0
    assert last_step(path, 5)["discount"][0] > 0.0


def test_last_observation_begins_no_transition(store: Callable[..., Path], spec: StepSpec) -> None:
    """It has no action, so it is never drawn as a state to learn from."""
    path = store(synthetic_episode(spec, 3), synthetic_episode(spec, 3, first_seq=3, episode=1))
    assert ReplayReader(path).index.transitions.tolist() == [0, 1, 3, 4]


def test_episode_whose_writer_died_is_used_up_to_its_newest_row(store: Callable[..., Path], spec: StepSpec) -> None:
    """Its newest row has no successor; the next episode's first frame is none."""
    path = store(synthetic_episode(spec, 4, cut=True), synthetic_episode(spec, 3, run_id=2, episode=0))
    reader = ReplayReader(path)
    assert reader.index.transitions.tolist() == [0, 1, 2, 4, 5]
    assert last_step(path, 1, n=5)["discount"][0] == np.float32(0.9**2)


def test_running_episode_grows_into_transitions(store: Callable[..., Path], spec: StepSpec) -> None:
    """Reopened for writing, the same episode goes on without a seam."""
    records = synthetic_episode(spec, 6)
    reader = ReplayReader(store(records[:3]))
    assert reader.index.transitions.tolist() == [0, 1]
    store(records[3:])
    reader.refresh()
    assert reader.index.transitions.tolist() == [0, 1, 2, 3, 4]
    assert [e.complete for e in reader.episodes()] == [True]
