"""Rewards of a store computed anew: what ends, what does not end any more, and what stays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robot_rl.core.errors import RobotRLError, SchemaError, UsageError
from robot_rl.core.outcome import Outcome
from robot_rl.core.record import StepSpec
from robot_rl.core.spec import ObservationSpec
from robot_rl.replay.reader import ReplayReader
from robot_rl.replay.sampler import UniformSampler
from robot_rl.replay.synthetic import synthetic_episode, synthetic_spec
from robot_rl.replay.verify import verify
from robot_rl.replay.writer import ReplayWriter
from robot_rl.rewards.relabel import ScoreJudge, SimulatorJudge, relabel, relabel_store
from robot_rl.robot.tasks import load_task

SPEC = synthetic_spec()
ROWS = 6
FLAGS = ("reward", "success", "is_last", "is_terminal")


class Judge:
    """Success at the observations whose stamps are listed."""

    knows_failure = False

    def __init__(self, *seqs: int) -> None:
        self.seqs = seqs

    def outcomes(self, records):
        return [Outcome(float(seq in self.seqs), seq in self.seqs, seq in self.seqs) for seq in records["seq"]]


def judged(records, *seqs):
    return relabel(records, Judge(*seqs).outcomes(records))


def test_an_earlier_success_ends_the_episode_there():
    old = synthetic_episode(SPEC, ROWS, terminal=True)
    new = judged(old, 3)
    assert new["reward"].tolist() == [0, 0, 1, 0] and new["success"].tolist() == [0, 0, 0, 1]
    assert new["is_last"].tolist() == new["is_terminal"].tolist() == [0, 0, 0, 1]
    assert not new["action"][-1].any() and not new["proposed"][-1].any() and new["latency"][-1] == 0
    same = [name for name in SPEC.dtype.names if name not in FLAGS]
    assert (new[same][:-1] == old[same][:3]).all() and (new["image_wrist"] == old["image_wrist"][:4]).all()


def test_a_success_that_is_none_any_more_is_a_time_limit():
    new = judged(synthetic_episode(SPEC, ROWS, terminal=True))
    assert len(new) == ROWS and not new["reward"].any() and not new["success"].any()
    assert new["is_last"].tolist() == [0] * 5 + [1] and not new["is_terminal"].any()


def test_a_time_limit_may_become_a_success_and_a_first_observation_be_the_last():
    old = synthetic_episode(SPEC, ROWS)
    assert judged(old, 5)["is_terminal"].tolist() == [0] * 5 + [1]
    only = judged(old, 0)
    assert len(only) == 1 and only[0]["is_first"] and only[0]["is_last"] and only[0]["reward"] == 0


def test_a_failure_stays_one_unless_the_judge_knows_failures():
    old = synthetic_episode(SPEC, ROWS)
    old["is_terminal"][-1] = 1
    nothing = [Outcome(0.0)] * ROWS
    assert relabel(old, nothing)["is_terminal"][-1] == 1
    assert relabel(old, nothing, knows_failure=True)["is_terminal"][-1] == 0
    lost = [*nothing[:2], Outcome(0.0, terminated=True), *nothing[3:]]
    ended = relabel(old, lost, knows_failure=True)
    assert len(ended) == 3 and ended["is_terminal"][-1] and not ended["success"].any()


def test_a_cut_episode_stays_cut_unless_it_ends():
    old = synthetic_episode(SPEC, ROWS, cut=True)
    assert not judged(old)["is_last"].any() and judged(old, 4)["is_last"].tolist() == [0, 0, 0, 0, 1]


@given(st.lists(st.booleans(), min_size=1, max_size=12), st.booleans())
def test_every_transition_keeps_its_successor_and_reward_comes_with_the_end_alone(successes, terminal):
    old = synthetic_episode(SPEC, len(successes), terminal=terminal)
    new = judged(old, *np.flatnonzero(successes).tolist())
    assert (new["seq"] == old["seq"][: len(new)]).all()
    ended = any(successes) and len(new) > 1
    assert new["reward"].sum() == ended and new["is_terminal"].sum() == any(successes)
    assert new["is_last"].sum() == 1 and new["is_last"][-1]


def store(path: Path) -> Path:
    with ReplayWriter.open(path, SPEC, {"task": "lift", "robot": "r"}) as writer:
        for number in range(3):
            writer.append(synthetic_episode(SPEC, ROWS, first_seq=number * ROWS, episode=number, terminal=number == 0))
    return path


def content(path: Path) -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in sorted(path.rglob("*")) if file.is_file()}


def test_the_new_store_is_sound_and_the_old_one_as_it_was(tmp_path):
    old = store(tmp_path / "old.zarr")
    before = content(old)
    done = relabel_store(ReplayReader(old), tmp_path / "new.zarr", Judge(9), "me")
    assert (done.episodes, done.rows_before, done.rows, done.successes_before, done.successes) == (3, 18, 16, 1, 1)
    assert content(old) == before
    found, new = verify(tmp_path / "new.zarr"), ReplayReader(tmp_path / "new.zarr")
    assert (found.rows, found.missing_steps, found.problems) == (16, 0, ())
    assert [(e.length, e.success, e.terminal) for e in new.episodes()] == [(5, 0, 0), (3, 1, 1), (5, 0, 0)]
    assert new.meta == {"task": "lift", "robot": "r", "reward": "me"}
    rows = np.arange(16)
    assert not set(new.take("run_id", rows).tolist()) & set(ReplayReader(old).take("run_id", rows).tolist())
    batch = UniformSampler(new, 1, 0.9, 0).sample(64)
    assert set(batch["discount"][batch["indices"] == 8].tolist()) <= {0.0}
    assert set(batch["discount"][batch["indices"] == 4].tolist()) <= {np.float32(0.9)}


def test_the_same_judge_gives_the_same_store(tmp_path):
    reader = ReplayReader(store(tmp_path / "old.zarr"))
    for name in "ab":
        relabel_store(reader, tmp_path / name, Judge(2), "me")
    first, second = (list(content(tmp_path / name).values()) for name in "ab")
    assert first == second


def test_nothing_is_overwritten_and_a_failure_leaves_nothing_behind(tmp_path):
    reader = ReplayReader(store(tmp_path / "old.zarr"))
    with pytest.raises(UsageError, match="old.zarr' exists"):
        relabel_store(reader, tmp_path / "old.zarr", Judge(), "me")
    chunk = tmp_path / "old.zarr" / "reward" / "c.0"
    data = bytearray(chunk.read_bytes())
    data[8] ^= 1
    chunk.write_bytes(data)
    with pytest.raises(RobotRLError, match="does not match its checksum"):
        relabel_store(ReplayReader(tmp_path / "old.zarr"), tmp_path / "new.zarr", Judge(), "me")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["old.zarr"]


def test_scores_count_once_they_last():
    records = synthetic_episode(SPEC, ROWS)
    scores = np.array([0, 0.9, 0, 0.9, 0.9, 0.9])
    judge = ScoreJudge(lambda images: scores[: len(images)], ("wrist",), 0.5, 2)
    assert [outcome.success for outcome in judge.outcomes(records)] == [False] * 4 + [True] * 2


def test_the_simulator_judges_a_store_that_holds_its_state(tmp_path):
    names = tuple(f"sim_{name}" for name in load_task("lift").state_names)
    spec = StepSpec(ObservationSpec(("wrist",), 4, 4, ("q", *names)), SPEC.action)
    records = synthetic_episode(spec, ROWS)
    records["proprio"] = 0.0
    records["proprio"][:, 1 + names.index("sim_cube_z")] = [0.02, 0.05, 0.11, 0.13, 0.15, -0.3]
    records["proprio"][:, 1 + names.index("sim_cube_grasped")] = 1.0
    with ReplayWriter.open(tmp_path / "s", spec, {"task": "lift"}) as writer:
        writer.append(records)
    judge = SimulatorJudge(ReplayReader(tmp_path / "s"))
    outcomes = judge.outcomes(records)
    assert [outcome.success for outcome in outcomes] == [False, False, False, True, True, False]
    assert outcomes[-1].terminated and judge.knows_failure


def test_the_simulator_judges_only_what_holds_its_state(tmp_path):
    with pytest.raises(SchemaError, match="does not hold the simulator's state of task 'lift'"):
        SimulatorJudge(ReplayReader(store(tmp_path / "old.zarr")))
