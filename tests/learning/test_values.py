"""Critics converge to the analytic values of a small Markov decision process, with and without truncation."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from robot_rl.config.learning import AgentConfig, LearnerConfig, QTOptConfig, SACConfig, TD3Config
from robot_rl.core.record import StepSpec
from robot_rl.core.spec import ActionSpec, ObservationSpec
from robot_rl.learning.learner import Learner
from robot_rl.replay.reader import ReplayReader
from robot_rl.replay.writer import ReplayWriter

from .conftest import ENCODER, META

SPEC = StepSpec(ObservationSpec(("wrist",), 16, 16, ("x", "y")), ActionSpec(("dx", "gripper")))
DISCOUNT = 0.6
COMMON = {"encoder": replace(ENCODER, frozen=True, cache_mb=1.0), "hidden": (32, 32), "learning_rate": 3e-3, "tau": 0.1}
AGENTS: dict[str, AgentConfig] = {
    "sac": SACConfig(**COMMON, critics=2),
    "td3": TD3Config(**COMMON),
    "qt_opt": QTOptConfig(**COMMON, target_lag=1, cross_entropy=False),
}


def write_chain(path: Path, terminal: bool) -> None:
    """Episodes through the states 0, 1, 2, 3, whatever the actions; reward 1 for the last step.

    Where an episode does not end for good, the time limit cuts it in state 3, from which state 0 would follow.
    """
    rng = np.random.default_rng(0)
    with ReplayWriter.open(path, SPEC, META) as writer:
        for episode in range(12):
            # An episode that begins in state 3 shows what follows a time limit.
            states = [3, 0, 1, 2, 3] if not terminal and episode % 2 else [0, 1, 2, 3]
            for index, state in enumerate(states):
                record = SPEC.empty()
                record["run_id"], record["episode"], record["index"] = 1, episode, index
                record["seq"] = writer.committed
                record["is_first"], record["is_last"] = index == 0, index == len(states) - 1
                record["is_terminal"] = terminal and record["is_last"]
                record["action"] = rng.uniform(-1, 1, 2)
                record["proprio"] = np.cos(0.5 * np.pi * state), np.sin(0.5 * np.pi * state)
                record["reward"] = state == 2 and not record["is_last"]
                writer.append(record)
                writer.commit()


@pytest.mark.parametrize("terminal", [True, False])
@pytest.mark.parametrize(("name", "n_step"), [("sac", 1), ("sac", 2), ("td3", 1), ("qt_opt", 1)])
def test_values_are_those_of_the_chain(name: str, n_step: int, terminal: bool, tmp_path: Path) -> None:
    write_chain(tmp_path / "chain", terminal)
    learned = {name: AGENTS[name]}
    config = LearnerConfig(
        algorithm=name, n_step=n_step, discount=DISCOUNT, batch_size=32, threads=1, precision="float32", **learned
    )
    reader = ReplayReader(tmp_path / "chain")
    reader.refresh()
    learner = Learner.from_stores(config, reader)
    for _ in range(500):
        learner.step()
    batch = learner._sampler.sample(64)
    view = learner.agent._view
    with torch.no_grad():
        features = view.encode(view.load(batch)).critic_now
        values = learner.agent.critic(features, torch.from_numpy(batch["action"])).numpy().mean(0)
    states = np.round(np.arctan2(batch["obs_proprio"][:, 1], batch["obs_proprio"][:, 0]) / (0.5 * np.pi)) % 4
    # The reward comes once, then never again, or every fourth step for ever.
    ahead = 2 - states
    expected = DISCOUNT**ahead if terminal else DISCOUNT ** (ahead % 4) / (1.0 - DISCOUNT**4)
    np.testing.assert_allclose(values, expected, atol=0.06)
    reader.close()
