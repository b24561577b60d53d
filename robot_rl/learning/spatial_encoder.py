"""All cameras through one convolutional network, pooled by learned spatial embeddings (SERL, Luo et al. 2024)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from robot_rl.config.learning import EncoderConfig
from robot_rl.core.errors import UsageError
from robot_rl.core.spec import IMAGE_CHANNELS, ObservationSpec
from robot_rl.learning.pixels import convolve_pixels


class SpatialEncoder(nn.Module):
    """Convolutions shared by the cameras; an embedding of places and a bottleneck of its own for every camera.

    The frames of a history are channels of one image.
    """

    def __init__(self, config: EncoderConfig, spec: ObservationSpec) -> None:
        """UsageError where kernels, channels and strides differ in number or leave nothing of the image."""
        super().__init__()
        depths = (len(config.kernels), len(config.channels), len(config.strides))
        if len(set(depths)) > 1:
            raise UsageError(
                f"encoder.kernels, .channels and .strides have {depths} entries: a spatial encoder needs one of each "
                "per convolution."
            )
        sizes = (config.stack * IMAGE_CHANNELS, *config.channels)
        layers = zip(sizes, sizes[1:], config.kernels, config.strides, strict=False)
        convs = [nn.Conv2d(a, b, kernel, stride) for a, b, kernel, stride in layers]
        for conv in convs:
            conv.weight.data = conv.weight.data.contiguous(memory_format=torch.channels_last)
        self.convs = nn.ModuleList(convs)
        rows, columns = spec.image_height, spec.image_width
        for kernel, stride in zip(config.kernels, config.strides, strict=True):
            rows, columns = (rows - kernel) // stride + 1, (columns - kernel) // stride + 1
        if min(rows, columns) < 1:
            size = f"{spec.image_height}x{spec.image_width}"
            raise UsageError(f"nothing is left of a {size} image after encoder.kernels {config.kernels}: use fewer.")
        cameras, channels, features = len(spec.cameras), sizes[-1], config.spatial_features
        self.places = nn.Parameter(torch.empty(cameras, rows, columns, channels, features))
        nn.init.normal_(self.places, std=(rows * columns) ** -0.5)
        self.projects = nn.ModuleList(nn.Linear(channels * features, config.image_latent) for _ in spec.cameras)
        self.norms = nn.ModuleList(nn.LayerNorm(config.image_latent) for _ in spec.cameras)

    def forward(self, images: Tensor) -> Tensor:
        """Latents (B, C * image_latent) in [-1, 1] of `images` uint8 (B, C, H, W, 3), or (B, K, C, H, W, 3)."""
        if images.dim() == 6:
            images = torch.cat(images.unbind(1), -1)
        count, cameras = images.shape[:2]
        first, *others = self.convs
        assert isinstance(first, nn.Conv2d)
        hidden = convolve_pixels(first, images.flatten(0, 1)).relu_()
        for conv in others:
            hidden = conv(hidden).relu_()
        seen = hidden.permute(0, 2, 3, 1).reshape(count, cameras, *self.places.shape[1:4])
        # Every feature is a weighted sum over places, channel by channel: sums of products, with no copy of `seen`.
        pooled = torch.einsum("bkhwc,khwcf->kbcf", seen, self.places.to(seen.dtype)).flatten(2)
        heads = zip(pooled, self.projects, self.norms, strict=True)
        return torch.cat([torch.tanh(norm(project(view))) for view, project, norm in heads], -1)
