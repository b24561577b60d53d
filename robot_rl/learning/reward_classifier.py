"""An image classifier of success: networks, judgement, and the file they rest in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from robot_rl.config.learning import EncoderConfig
from robot_rl.config.loader import load, to_plain
from robot_rl.config.rewards import BoundConfig
from robot_rl.core.errors import RobotRLError, SchemaError, UsageError
from robot_rl.core.files import write_atomic
from robot_rl.core.reward_figures import Figures
from robot_rl.learning.encoder import CameraEncoder
from robot_rl.learning.tensor_file import dumps, loads

KIND = "robot_rl/reward/1"
BATCH = 256
HIDDEN = 64


@dataclass(frozen=True, kw_only=True)
class ClassifierMeta:
    """What a classifier is of, when its scores count, and what it reached on held-out episodes."""

    task: str
    cameras: tuple[str, ...]
    image_height: int
    image_width: int
    threshold: float
    frames: int
    members: int
    figures: Figures
    stores: tuple[str, ...]


class RewardNetwork(nn.Module):
    """Log odds of success from the images of all cameras of one moment; each camera has an encoder of its own."""

    def __init__(self, cameras: int, height: int, width: int, dropout: float = 0.0) -> None:
        super().__init__()
        config = EncoderConfig()
        self.cameras = nn.ModuleList(CameraEncoder(config, height, width) for _ in range(cameras))
        self.head = nn.Sequential(
            nn.Dropout(dropout),
            nn.Linear(config.image_latent * cameras, HIDDEN),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(HIDDEN, 1),
        )

    def forward(self, images: Tensor) -> Tensor:
        """Log odds (B,) of `images` (B, C, H, W, 3), uint8 or float in 0 to 255."""
        latents = [encoder(images[:, index]) for index, encoder in enumerate(self.cameras)]
        return torch.as_tensor(self.head(torch.cat(latents, -1)).squeeze(-1))


class RewardClassifier:
    """Networks that judge independently; the most doubtful one counts, as a policy seeks out what one mistakes."""

    def __init__(self, meta: ClassifierMeta, networks: Sequence[RewardNetwork]) -> None:
        self.meta, self.networks = meta, [network.eval() for network in networks]

    def scores(self, images: np.ndarray) -> np.ndarray:
        """Probability float64 (B,) that success is seen in `images` uint8 (B, C, H, W, 3), cameras as in `meta`."""
        return probabilities(self.networks, images)

    def score(self, images: Mapping[str, np.ndarray]) -> float:
        """The same of one moment: images uint8 (H, W, 3) by camera; SchemaError where they do not fit."""
        height, width = self.meta.image_height, self.meta.image_width
        for camera in self.meta.cameras:
            if images[camera].shape != (height, width, 3):
                raise SchemaError(
                    f"camera '{camera}' gave an image of {images[camera].shape}, the reward classifier takes "
                    f"({height}, {width}, 3): set the camera's size, or train it anew."
                )
        return float(self.scores(np.stack([images[camera] for camera in self.meta.cameras])[None])[0])


@torch.no_grad()
def probabilities(networks: Sequence[RewardNetwork], images: np.ndarray) -> np.ndarray:
    """The lowest probability float64 (B,) that one of `networks` gives to `images` uint8 (B, C, H, W, 3)."""
    parts = [torch.from_numpy(images[start : start + BATCH]) for start in range(0, len(images), BATCH)]
    odds = [torch.stack([network(part) for network in networks]).amin(0) for part in parts]
    return torch.cat([torch.empty(0), *odds]).double().sigmoid().numpy()


def require_fit(meta: ClassifierMeta, task: str, cameras: Sequence[str], shape: tuple[int, ...], where: str) -> None:
    """Raise SchemaError if a classifier is of another task, camera or image size than `where` has."""
    if meta.task != task:
        raise SchemaError(f"{where} has task '{task}', the reward classifier '{meta.task}': train one for it.")
    if not set(meta.cameras) <= set(cameras):
        raise SchemaError(
            f"{where} has cameras {', '.join(cameras)}, the reward classifier looks at {', '.join(meta.cameras)}: "
            "train one for these."
        )
    if (meta.image_height, meta.image_width) != tuple(shape[:2]):
        raise SchemaError(
            f"{where} has images of {shape[0]}x{shape[1]}, the reward classifier takes "
            f"{meta.image_height}x{meta.image_width}: train it anew."
        )


def require(meta: ClassifierMeta, bound: BoundConfig, where: str) -> None:
    """Raise UsageError, beginning with `where`, if the held-out figures of a classifier miss `bound`."""
    shortcoming = bound.shortcoming(meta.figures)
    if shortcoming:
        raise UsageError(f"{where} is not good enough to give rewards: {shortcoming}.")


def save_classifier(path: Path, classifier: RewardClassifier, bound: BoundConfig) -> None:
    """Write a file that can be served; RobotRLError, and nothing is written, if it misses `bound` or disk refuses."""
    shortcoming = bound.shortcoming(classifier.meta.figures)
    if shortcoming:
        raise RobotRLError(f"'{path}' is not written, the classifier is not good enough: {shortcoming}.")
    tensors = {
        f"{index}.{name}": tensor
        for index, network in enumerate(classifier.networks)
        for name, tensor in network.state_dict().items()
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, dumps(KIND, tensors, to_plain(classifier.meta)))
    except OSError as error:
        raise RobotRLError(f"cannot write '{path}': {error.strerror}: give another path.") from None


def load_classifier(path: Path) -> RewardClassifier:
    """The classifier in a file; UsageError if it cannot be read, SchemaError if it is damaged or of another kind."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"cannot read reward classifier '{path}': {error.strerror}; train one with 'robot-rl reward train'."
        ) from None
    tensors, document = loads(KIND, data, f"reward classifier '{path}'")
    try:
        meta = load(ClassifierMeta, document, f"'{path}'")
        networks = [RewardNetwork(len(meta.cameras), meta.image_height, meta.image_width) for _ in range(meta.members)]
        for index, network in enumerate(networks):
            prefix = f"{index}."
            network.load_state_dict({k.removeprefix(prefix): t for k, t in tensors.items() if k.startswith(prefix)})
    except (UsageError, RuntimeError) as error:
        raise SchemaError(f"reward classifier '{path}' is of another version ({error}): train it again.") from None
    return RewardClassifier(meta, networks)
