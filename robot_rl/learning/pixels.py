"""The first convolution over images, in which the scaling of pixels costs nothing."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

PIXEL_MAX = 255.0
PIXEL_MEAN = 0.5


def convolve_pixels(conv: nn.Conv2d, pixels: Tensor) -> Tensor:
    """What `conv`, which has a bias and no padding, gives for images scaled to [-0.5, 0.5].

    `pixels` are those images uint8 or float (B, H, W, channels) in 0 to 255; the scaling is folded into the weights.
    """
    assert conv.bias is not None
    bias = conv.bias - PIXEL_MEAN * conv.weight.sum((1, 2, 3))
    return functional.conv2d(pixels.float().permute(0, 3, 1, 2), conv.weight / PIXEL_MAX, bias, conv.stride)
