"""A discrete gripper learns which choice is best, and moving it costs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from robot_rl.config.learning import (
    AgentConfig,
    GripperActionConfig,
    LearnerConfig,
    QTOptConfig,
    SACConfig,
    TD3Config,
)
from robot_rl.core.errors import UsageError
from robot_rl.core.record import StepSpec
from robot_rl.core.spec import ActionSpec
from robot_rl.learning.critic_agent import CriticAgent
from robot_rl.learning.gripper import Choices, GripperHead, gripper_entry, gripper_loss, gripper_target
from robot_rl.learning.health import Bounds
from robot_rl.learning.qt_opt import QTOpt
from robot_rl.learning.sac import SAC
from robot_rl.learning.td3 import TD3
from robot_rl.replay.batch import Batch

from .conftest import ENCODER

DISCRETE = GripperActionConfig(kind="discrete", values=(-1.0, 0.0, 1.0))
SPEC = ActionSpec(("dx", "gripper", "dy"))


def test_the_nearest_choice_goes_where_the_gripper_is() -> None:
    choices = Choices(DISCRETE, SPEC)
    actions = torch.tensor([[0.3, 0.9, -0.2], [0.1, -0.4, 0.5], [0.0, -0.6, 0.0]])
    assert choices.nearest(actions).tolist() == [2, 1, 0]
    torch.testing.assert_close(choices.snap(actions)[:, 1], torch.tensor([1.0, 0.0, -1.0]))
    torch.testing.assert_close(choices.snap(actions)[:, [0, 2]], actions[:, [0, 2]])
    assert choices.snap(actions.expand(4, 3, 3)).shape == (4, 3, 3)


def test_exploration_replaces_its_share() -> None:
    choices = Choices(GripperActionConfig(kind="discrete", exploration=0.3), SPEC)
    drawn = choices.explore(torch.zeros(20_000, dtype=torch.int64), torch.Generator().manual_seed(0))
    assert float(drawn.float().mean()) == pytest.approx(0.15, abs=0.01), "half of any two are the other"


def test_loss_and_target_equal_a_computation_in_float64() -> None:
    torch.manual_seed(0)
    head, slow = GripperHead(DISCRETE, SPEC, 5, (8,)), GripperHead(DISCRETE, SPEC, 5, (8,))
    with torch.no_grad():
        for module in (head, slow):
            module.head.weight.mul_(100.0)
    features, rng = torch.randn(6, 5), np.random.default_rng(0)
    reward, discount, weight = rng.normal(size=6), rng.uniform(size=6), rng.uniform(size=6)
    online, lagged = (module(features).detach().double().numpy() for module in (head, slow))
    target = [reward[b] + discount[b] * lagged[b, max(range(3), key=lambda c: online[b, c])] for b in range(6)]
    as_tensor = [torch.from_numpy(array).float() for array in (reward, discount)]
    found = gripper_target(head, slow, *as_tensor, features)
    np.testing.assert_allclose(found.detach().numpy(), target, rtol=1e-5)
    choice = [0, 1, 2, 2, 1, 0]
    loss = sum(weight[b] * (online[b, choice[b]] - target[b]) ** 2 for b in range(6)) / 6
    value = gripper_loss(head(features), torch.tensor(choice), found.detach(), torch.from_numpy(weight).float())
    assert float(value.detach()) == pytest.approx(loss, rel=1e-5)


@pytest.mark.parametrize(
    ("make", "config", "extra"),
    [(SAC, SACConfig, {}), (TD3, TD3Config, {}), (QTOpt, QTOptConfig, {"cross_entropy": False})],
)
def test_learns_when_to_close(
    make: type[CriticAgent], config: type[AgentConfig], extra: dict[str, Any], spec: StepSpec, batch: Batch
) -> None:
    """Closing is right where x > 0, opening where x < 0."""
    common = {"encoder": ENCODER, "hidden": (32, 32), "shift": 0, "learning_rate": 3e-3, "gripper": DISCRETE}
    agent, rng = make(config(**common, **extra), spec), np.random.default_rng(0)
    for name in ("obs_images", "next_images", "next_proprio", "discount", "obs_proprio"):
        batch[name][:] = 0
    for _ in range(250):
        x = rng.choice([-1.0, 1.0], 12)
        batch["obs_proprio"][:, 0] = x
        batch["action"][:] = rng.uniform(-1, 1, (12, 2))
        batch["action"][:, 1] = rng.choice([-1.0, 0.0, 1.0], 12)
        batch["reward"][:] = batch["action"][:, 1] == -x
        agent.update(batch)
    with torch.no_grad():
        proprio = torch.tensor([[1.0, 0.0, 0.0], [-1.0, 0.0, 0.0]])
        features = agent.actor.encoder(torch.zeros(2, 2, 16, 16, 3, dtype=torch.uint8), proprio)
        action = agent.actor.action(features, False, torch.Generator().manual_seed(0))
    assert action[:, 1].tolist() == [-1.0, 1.0]


def test_entropy_is_that_of_the_motion_alone(spec: StepSpec) -> None:
    assert SAC(SACConfig(encoder=ENCODER, gripper=DISCRETE), spec).temperature.target_entropy == -0.5
    assert SAC(SACConfig(encoder=ENCODER), spec).temperature.target_entropy == -1.0


def test_what_cannot_be_is_refused(spec: StepSpec) -> None:
    with pytest.raises(UsageError, match=r"gripper.dimension is 'jaw', .*\(dx, gripper, dy\)"):
        gripper_entry(GripperActionConfig(dimension="jaw"), SPEC)
    with pytest.raises(UsageError, match="give at least two"):
        gripper_entry(GripperActionConfig(kind="discrete", values=(1.0,)), SPEC)
    with pytest.raises(UsageError, match="'gripper' alone"):
        gripper_entry(DISCRETE, ActionSpec(("gripper",)))
    with pytest.raises(UsageError, match="cross_entropy needs returns in"):
        QTOpt(QTOptConfig(encoder=ENCODER, gripper=GripperActionConfig(penalty=0.1)), spec)


def test_the_penalty_widens_the_bounds_of_returns() -> None:
    config = LearnerConfig(sac=SACConfig(gripper=GripperActionConfig(penalty=0.02)), discount=0.9)
    bounds = Bounds.implied(config)
    assert (bounds.low, bounds.high) == pytest.approx((-0.2, 1.0))
