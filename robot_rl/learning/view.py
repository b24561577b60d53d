"""What an agent makes of a batch: tensors on its device, shifted images, features for the policy and the critics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor

from robot_rl.config.learning import AgentConfig
from robot_rl.core.record import StepSpec
from robot_rl.learning.augment import random_shift
from robot_rl.learning.compute import allocator
from robot_rl.learning.encoder import ObservationEncoder, ProprioEncoder
from robot_rl.learning.feature_cache import FeatureCache, transition_keys
from robot_rl.learning.privileged import private_entries
from robot_rl.replay.batch import Batch, BatchRing

_IMAGES = ("obs_images", "next_images")


@dataclass(frozen=True)
class Features:
    """Encoded batch: `now` (B, F) carries the encoder's gradient, `next` (B, F) does not.

    `critic_now` and `critic_next` (B, F') are those with what critics alone see; where that is nothing, the same.
    """

    now: Tensor
    next: Tensor
    critic_now: Tensor
    critic_next: Tensor


class View:
    """Loads batches and encodes them with the policy's `encoder` and the critics' `insight` into privileged entries.

    The images of a frozen encoder with a cache are encoded once, and not shifted.
    """

    def __init__(
        self,
        config: AgentConfig,
        spec: StepSpec,
        encoder: ObservationEncoder,
        device: torch.device,
        precision: torch.dtype,
        seed: int,
    ) -> None:
        names = spec.observation.proprio
        self._private = list(private_entries(config.privileged, names))
        self._public = [entry for entry in range(len(names)) if entry not in self._private]
        self._encoder, self._shift, self._device, self._precision = encoder, config.shift, device, precision
        self.insight: ProprioEncoder | None = None
        if self._private:
            entries = config.encoder.stack * len(self._private)
            self.insight = ProprioEncoder(entries, config.encoder.proprio_latent).to(device)
        self.critic_size = encoder.size + (config.encoder.proprio_latent if self._private else 0)
        """Size F' of the critics' features."""
        self.shifts = np.random.Generator(np.random.PCG64(seed))
        allocate = allocator(device)
        self._shifted = BatchRing(1, lambda size: Batch.allocate(spec, size, allocate, config.encoder.stack))
        self._cache = FeatureCache(encoder.image_size, config.encoder.cache_mb) if config.encoder.cache_mb else None

    def fit(self, proprio: np.ndarray) -> None:
        """Take the statistics of proprioception from samples (n, P), or (n, K, P) of histories."""
        samples = torch.from_numpy(proprio).to(self._device)
        self._encoder.proprio.fit(self._seen(samples))
        if self.insight:
            self.insight.fit(samples[..., self._private])

    def forget(self) -> None:
        """Drop cached features: the encoder has become another."""
        if self._cache:
            self._cache.clear()

    def load(self, batch: Mapping[str, np.ndarray]) -> dict[str, Tensor]:
        """Batch as tensors on the device, images shifted (observation and successor independently) or encoded."""
        arrays = dict(batch)
        if self._cache is None:
            shifted = self._shifted.next(len(batch["reward"]))
            for name in _IMAGES:
                arrays[name] = random_shift(batch[name], self._shift, self.shifts, shifted[name])
        else:
            for name, rows in zip(_IMAGES, ("indices", "next_indices"), strict=True):
                images = arrays.pop(name)
                keys = transition_keys(batch["pool"], batch[rows])
                arrays[f"{name}_encoded"] = self._cache.get(keys, partial(self._look, images))
        # The update waits for its losses, hence for these copies, before anyone writes into the arrays again.
        return {name: torch.from_numpy(array).to(self._device, non_blocking=True) for name, array in arrays.items()}

    def encode(self, data: Mapping[str, Tensor]) -> Features:
        """Features of a loaded batch."""
        with torch.no_grad():
            after = self._features(data, "next")
            critic_after = self._with_insight(after, data["next_proprio"])
        now = self._features(data, "obs")
        return Features(now, after, self._with_insight(now, data["obs_proprio"]), critic_after)

    def _views(self, images: Tensor) -> list[Tensor]:
        """Float32 latents of the cameras, computed in the agent's precision.

        The cameras alone are: they are nearly all of the work, and values and actions need finer steps than the 0.4 %
        of bfloat16.
        """
        with torch.autocast(self._device.type, self._precision, self._precision is not torch.float32):
            return [view.float() for view in self._encoder.views(images)]

    def _features(self, data: Mapping[str, Tensor], when: str) -> Tensor:
        views = [data[f"{when}_images_encoded"]] if self._cache is not None else self._views(data[f"{when}_images"])
        return self._encoder.join(views, self._seen(data[f"{when}_proprio"]))

    @torch.no_grad()
    def _look(self, images: np.ndarray, k: int) -> np.ndarray:
        """Image latents (1, L) of the k-th observation: alone, they do not depend on what it is batched with."""
        views = self._views(torch.from_numpy(images[k : k + 1]).to(self._device))
        latent: np.ndarray = torch.cat(views, -1).cpu().numpy()
        return latent

    def _seen(self, proprio: Tensor) -> Tensor:
        """What the policy sees of `proprio` (..., P)."""
        return proprio[..., self._public] if self._private else proprio

    def _with_insight(self, features: Tensor, proprio: Tensor) -> Tensor:
        """Critics' features: those of the policy, and what critics alone see of `proprio` (..., P)."""
        if self.insight is None:
            return features
        return torch.cat([features, self.insight(proprio[..., self._private]).float()], -1)
