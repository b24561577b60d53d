"""Images and proprioception to one latent vector, shared by critics and actor."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from robot_rl.config.learning import EncoderConfig
from robot_rl.core.errors import UsageError
from robot_rl.core.spec import IMAGE_CHANNELS, ObservationSpec
from robot_rl.learning.pixels import convolve_pixels
from robot_rl.learning.spatial_encoder import SpatialEncoder

_CLIP = 5.0
_STD_FLOOR = 0.01


class CameraEncoder(nn.Module):
    """One camera: patches embedded linearly, 3x3 convolutions, linear bottleneck with LayerNorm and tanh.

    The frames of a history are channels of one image.
    """

    def __init__(self, config: EncoderConfig, height: int, width: int) -> None:
        super().__init__()
        patch = config.patch
        if height % patch or width % patch:
            raise UsageError(f"encoder.patch is {patch}, which does not divide the {height}x{width} image: choose 4.")
        if len(config.channels) != len(config.strides):
            raise UsageError(
                f"encoder.channels has {len(config.channels)} entries and encoder.strides {len(config.strides)}: "
                "give one stride per convolution."
            )
        self.patch = patch
        self.stem = nn.Conv2d(config.stack * IMAGE_CHANNELS * patch, config.patch_channels, (patch, 1), (patch, 1))
        sizes = (config.patch_channels, *config.channels)
        self.convs = nn.ModuleList(
            nn.Conv2d(sizes[i], sizes[i + 1], 3, stride, 1) for i, stride in enumerate(config.strides)
        )
        rows, columns = height // patch, width // patch
        for stride in config.strides:
            rows, columns = -(-rows // stride), -(-columns // stride)
        self.project = nn.Linear(rows * columns * sizes[-1], config.image_latent)
        self.norm = nn.LayerNorm(config.image_latent)
        for layer in (self.stem, *self.convs):
            layer.weight.data = layer.weight.data.contiguous(memory_format=torch.channels_last)

    def forward(self, images: Tensor) -> Tensor:
        """Latents (B, image_latent) in [-1, 1] of `images` uint8 (B, H, W, 3), or histories (B, K, H, W, 3) of them.

        A row of `patch` RGB pixels is read as one pixel of 3*patch channels: the memory is the same, and the patch
        embedding becomes a (patch, 1) convolution without any copy.
        """
        if images.dim() == 5:
            wide = torch.cat([self._widen(frame) for frame in images.unbind(1)], -1)
        else:
            wide = self._widen(images)
        hidden = convolve_pixels(self.stem, wide).relu_()
        for conv in self.convs:
            hidden = conv(hidden).relu_()
        flat = hidden.permute(0, 2, 3, 1).flatten(1)
        return torch.tanh(self.norm(self.project(flat)))

    def _widen(self, images: Tensor) -> Tensor:
        """Images (B, H, W, 3) with the pixels of each patch's row as channels, (B, H, W / patch, 3 patch)."""
        count, height, width, channels = images.shape
        return images.reshape(count, height, width // self.patch, channels * self.patch)


class ProprioEncoder(nn.Module):
    """Proprioception, normalised by fixed statistics of the data, to a latent with LayerNorm and tanh."""

    mean: Tensor
    std: Tensor

    def __init__(self, size: int, latent: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("std", torch.ones(size))
        self.project = nn.Linear(size, latent)
        self.norm = nn.LayerNorm(latent)

    @torch.no_grad()
    def fit(self, proprio: Tensor) -> None:
        """Take mean and standard deviation from `proprio` (n, P); nearly constant dimensions are not blown up.

        Histories (n, K, P) give every frame its own.
        """
        proprio = proprio.flatten(1)
        self.mean.copy_(proprio.mean(0))
        self.std.copy_(proprio.std(0, correction=0).clamp_min(_STD_FLOOR))

    def forward(self, proprio: Tensor) -> Tensor:
        """Latents (B, latent) in [-1, 1] of `proprio` float32 (B, P), or histories (B, K, P), in raw units."""
        normal = ((proprio.flatten(1) - self.mean) / self.std).clamp(-_CLIP, _CLIP)
        return torch.tanh(self.norm(self.project(normal)))


class ObservationEncoder(nn.Module):
    """All cameras and proprioception of an observation to one latent vector of size `size`."""

    def __init__(self, config: EncoderConfig, spec: ObservationSpec) -> None:
        super().__init__()
        height, width = spec.image_height, spec.image_width
        self.cameras: nn.ModuleList | SpatialEncoder
        if config.kind == "spatial":
            self.cameras = SpatialEncoder(config, spec)
        else:
            self.cameras = nn.ModuleList(CameraEncoder(config, height, width) for _ in spec.cameras)
        self.proprio = ProprioEncoder(config.stack * len(spec.proprio), config.proprio_latent)
        self.image_size = config.image_latent * len(spec.cameras)
        """Length of the part of features that comes from images."""
        self.size = config.image_latent * len(spec.cameras) + config.proprio_latent

    def forward(self, images: Tensor, proprio: Tensor) -> Tensor:
        """Features (B, size) of `images` uint8 (B, C, H, W, 3) and `proprio` float32 (B, P).

        With histories of K > 1 observations these are (B, K, C, H, W, 3) and (B, K, P), oldest first.
        """
        return self.join(self.views(images), proprio)

    def views(self, images: Tensor) -> list[Tensor]:
        """Latents (B, image_latent) of each camera, in one tensor or several."""
        if isinstance(self.cameras, SpatialEncoder):
            return [self.cameras(images)]
        return [encoder(images[..., index, :, :, :]) for index, encoder in enumerate(self.cameras)]

    def join(self, views: Sequence[Tensor], proprio: Tensor) -> Tensor:
        """Features (B, size) of the `views`, in one tensor or several, and `proprio`."""
        return torch.cat([*views, self.proprio(proprio)], -1).float()
