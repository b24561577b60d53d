"""Camera encoders from a local safetensors file."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load

from robot_rl.config.learning import EncoderConfig
from robot_rl.core.errors import SchemaError, UsageError
from robot_rl.learning.encoder import ObservationEncoder

_PREFIXES = ("", "encoder.", "actor.encoder.")
"""Where tensors of an encoder are: in a file of its own, in weights, in a checkpoint."""


def prepare_cameras(encoder: ObservationEncoder, config: EncoderConfig) -> None:
    """Load and freeze the cameras of `encoder` as `config` asks; errors as of `load_cameras`."""
    if config.cache_mb and not config.frozen:
        raise UsageError(
            f"encoder.cache_mb is {config.cache_mb:g}, but the encoder learns, so its features change: set frozen true."
        )
    if config.weights:
        load_cameras(encoder, config.weights)
    if config.frozen:
        encoder.cameras.requires_grad_(False)


@torch.no_grad()
def load_cameras(encoder: ObservationEncoder, path: str) -> None:
    """Put the tensors `cameras.*` of the file at `path` into `encoder`; published weights and checkpoints will do.

    UsageError where it cannot be read; SchemaError, and `encoder` as it was, where it is no safetensors file or lacks
    a tensor, or one has another shape or is not finite. Proprioception is not taken: its meaning is the robot's.
    """
    try:
        tensors = load(Path(path).expanduser().read_bytes())
    except OSError as error:
        raise UsageError(f"cannot read encoder.weights '{path}': {error.strerror}: give a safetensors file.") from None
    except SafetensorError as error:
        raise SchemaError(f"encoder.weights '{path}' is no safetensors file ({error}): give another.") from None
    wanted = {f"cameras.{name}": tensor for name, tensor in encoder.cameras.state_dict().items()}
    prefix = next((prefix for prefix in _PREFIXES if f"{prefix}{next(iter(wanted))}" in tensors), "")
    for name, ours in wanted.items():
        theirs = tensors.get(prefix + name)
        if theirs is None:
            raise SchemaError(
                f"encoder.weights '{path}' has no tensor '{name}': give the weights of an encoder with as many cameras "
                "and layers."
            )
        if theirs.shape != ours.shape:
            raise SchemaError(
                f"encoder.weights '{path}': '{name}' has shape {tuple(theirs.shape)}, this encoder's is "
                f"{tuple(ours.shape)}: set patch, channels, strides, image_latent, stack and image size as they were."
            )
        if not theirs.isfinite().all():
            raise SchemaError(f"encoder.weights '{path}': '{name}' holds NaN or infinity: give another file.")
    for name, ours in wanted.items():
        ours.copy_(tensors[prefix + name])
