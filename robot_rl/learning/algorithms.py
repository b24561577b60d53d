"""The algorithms by name: their parameters, agents and the networks that act."""

from __future__ import annotations

from typing import NamedTuple

import torch

from robot_rl.config.learning import AgentConfig, LearnerConfig, QTOptConfig, SACConfig, TD3Config
from robot_rl.core.record import StepSpec
from robot_rl.learning.actor_network import ActorNetwork, ArgmaxActor, DeterministicActor, GaussianActor
from robot_rl.learning.critic_agent import CriticAgent
from robot_rl.learning.qt_opt import QTOpt
from robot_rl.learning.sac import SAC
from robot_rl.learning.td3 import TD3


class Algorithm(NamedTuple):
    """Classes of one algorithm."""

    config: type[AgentConfig]
    agent: type[CriticAgent]
    actor: type[ActorNetwork]


ALGORITHMS = {
    "sac": Algorithm(SACConfig, SAC, GaussianActor),
    "td3": Algorithm(TD3Config, TD3, DeterministicActor),
    "qt_opt": Algorithm(QTOptConfig, QTOpt, ArgmaxActor),
}


def make_agent(config: LearnerConfig, spec: StepSpec, device: torch.device, precision: torch.dtype) -> CriticAgent:
    """The agent that `config.algorithm` names."""
    return ALGORITHMS[config.algorithm].agent(config.agent, spec, config.seed, device, precision)
