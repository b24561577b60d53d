"""LeRobot's SAC update as its learner makes it: sample, critic, actor, temperature, targets."""

from __future__ import annotations

import importlib.util
from typing import Any

import numpy as np
import torch

from robot_rl.bench.absent import stand_ins
from robot_rl.replay.reader import ReplayReader

UNUSED = (
    "torchvision", "torchcodec", "datasets", "pandas", "av", "diffusers", "accelerate", "gymnasium", "deepdiff",
    "jsonlines", "imageio", "serial", "termcolor", "PIL",
)  # fmt: skip
"""What LeRobot imports for cameras, data sets, robots and other policies; no part of an update of SAC."""
CLIP = 40.0
LEARNING_RATE = 3e-4
PART = 200


def lerobot_installed() -> bool:
    """True where the extra requirement of the benchmark is installed."""
    return importlib.util.find_spec("lerobot") is not None


class LeRobotLearner:
    """LeRobot's SAC policy with its default networks, on its replay buffer filled from a store of ours.

    Configured as `compiled` says: LeRobot compiles its critics and augmentation by default.
    """

    def __init__(self, reader: ReplayReader, batch: int, compiled: bool) -> None:
        with stand_ins(UNUSED):
            from lerobot.configs.types import FeatureType, PolicyFeature
            from lerobot.policies.sac.configuration_sac import SACConfig
            from lerobot.policies.sac.modeling_sac import SACPolicy
            from lerobot.rl.buffer import ReplayBuffer, random_shift
        spec, self._batch = reader.spec, batch
        height, width = spec.observation.image_height, spec.observation.image_width
        self._keys = {f"observation.images.{camera}": f"image_{camera}" for camera in spec.observation.cameras}
        features = {key: PolicyFeature(FeatureType.VISUAL, (3, height, width)) for key in self._keys}
        features["observation.state"] = PolicyFeature(FeatureType.STATE, (len(spec.observation.proprio),))
        actions = {"action": PolicyFeature(FeatureType.ACTION, (spec.action.size,))}
        config = SACConfig(
            input_features=features, output_features=actions, device="cpu", freeze_vision_encoder=False,
            use_torch_compile=compiled,
        )  # fmt: skip
        self._policy: Any = SACPolicy(config=config).train()
        shift = None if compiled else random_shift
        self._buffer: Any = ReplayBuffer(
            len(reader.index.transitions), "cpu", [*features], image_augmentation_function=shift
        )
        self._fill(reader)
        actor = [p for name, p in self._policy.actor.named_parameters() if not name.startswith("encoder")]
        groups = {"actor": actor, "critic": [*self._policy.critic_ensemble.parameters()]}
        groups["temperature"] = [self._policy.log_alpha]
        self._groups = groups
        self._adam = {name: torch.optim.Adam(group, lr=LEARNING_RATE) for name, group in groups.items()}

    def step(self) -> dict[str, float]:
        """One update; returns its losses."""
        drawn = self._buffer.sample(self._batch)
        names = ("action", "reward", "state", "next_state", "done")
        forward = {name: drawn[name] for name in names}
        losses = {name: self._improve(name, forward) for name in ("critic", "actor", "temperature")}
        self._policy.update_target_networks()
        return losses

    def _improve(self, model: str, forward: dict[str, Any]) -> float:
        loss = self._policy.forward(forward, model=model)[f"loss_{model}"]
        self._adam[model].zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._groups[model], max_norm=CLIP)
        self._adam[model].step()
        return float(loss.item())

    def _fill(self, reader: ReplayReader) -> None:
        rows = reader.index.transitions
        for start in range(0, len(rows), PART):
            part = rows[start : start + PART]
            now, then = self._observations(reader, part), self._observations(reader, part + 1)
            action, reward = torch.from_numpy(reader.take("action", part)), reader.take("reward", part)
            ended = reader.take("is_terminal", part + 1) != 0
            for i in range(len(part)):
                here = {key: value[i : i + 1] for key, value in now.items()}
                there = {key: value[i : i + 1] for key, value in then.items()}
                self._buffer.add(here, action[i : i + 1], float(reward[i]), there, bool(ended[i]), False)

    def _observations(self, reader: ReplayReader, rows: np.ndarray) -> dict[str, torch.Tensor]:
        """LeRobot keeps pictures as float32 in [0, 1], channels first."""
        pictures = {
            key: torch.from_numpy(reader.take(name, rows)).permute(0, 3, 1, 2).float() / 255.0
            for key, name in self._keys.items()
        }
        return {**pictures, "observation.state": torch.from_numpy(reader.take("proprio", rows))}
