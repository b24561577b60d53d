"""The encoder reads every camera with its own weights; proprioception is normalised."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch.nn import functional

from robot_rl.config.learning import EncoderConfig
from robot_rl.core.errors import UsageError
from robot_rl.core.record import StepSpec
from robot_rl.learning.encoder import CameraEncoder, ObservationEncoder, ProprioEncoder

CONFIG = EncoderConfig(patch=4, patch_channels=8, channels=(8, 8), strides=(2, 1), image_latent=6, proprio_latent=5)


def images(*shape: int) -> torch.Tensor:
    return torch.randint(0, 256, shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def test_first_layer_is_a_patch_convolution_of_scaled_pixels() -> None:
    torch.manual_seed(0)
    encoder = CameraEncoder(CONFIG, 16, 24)
    frames = images(3, 16, 24, 3)
    # (out, in-patch column * 3 + channel, row, 1) to (out, channel, row, column)
    kernel = encoder.stem.weight.detach().reshape(8, 4, 3, 4).permute(0, 2, 3, 1)
    hidden = functional.conv2d(frames.permute(0, 3, 1, 2) / 255.0 - 0.5, kernel, encoder.stem.bias, 4).relu()
    for conv in encoder.convs:
        hidden = conv(hidden).relu()
    expected = torch.tanh(encoder.norm(encoder.project(hidden.permute(0, 2, 3, 1).flatten(1))))
    torch.testing.assert_close(encoder(frames), expected, atol=1e-4, rtol=1e-4)


def test_features_hold_both_cameras_and_proprio(spec: StepSpec) -> None:
    encoder = ObservationEncoder(CONFIG, spec.observation)
    frames, proprio = images(2, 2, 16, 16, 3), torch.randn(2, 3)
    features = encoder(frames, proprio)
    assert features.shape == (2, encoder.size) == (2, 17)
    changed = frames.clone()
    changed[:, 1] = 255 - changed[:, 1]
    other = encoder(changed, proprio)
    torch.testing.assert_close(other[:, :6], features[:, :6])
    assert not torch.allclose(other[:, 6:12], features[:, 6:12])
    torch.testing.assert_close(other[:, 12:], features[:, 12:])
    swapped = encoder(frames.flip(1), proprio)
    assert not torch.allclose(swapped[:, :6], features[:, 6:12]), "cameras have weights of their own"


def test_proprio_is_normalised_by_the_data_and_bounded() -> None:
    encoder = ProprioEncoder(3, 5)
    data = torch.randn(500, 3) * torch.tensor([2.0, 0.1, 0.0]) + torch.tensor([5.0, -1.0, 0.3])
    encoder.fit(data)
    torch.testing.assert_close(encoder.mean, data.mean(0))
    assert encoder.std[2] == pytest.approx(0.01), "a constant dimension is not blown up"
    torch.testing.assert_close(encoder(torch.full((1, 3), 1e6)), encoder(torch.full((1, 3), 1e9)))
    assert {"mean", "std"} <= set(encoder.state_dict())


def test_bad_shapes_are_refused_with_a_remedy() -> None:
    with pytest.raises(UsageError, match="does not divide the 18x18 image"):
        CameraEncoder(CONFIG, 18, 18)
    with pytest.raises(UsageError, match="one stride per convolution"):
        CameraEncoder(EncoderConfig(channels=(8, 8), strides=(2,)), 16, 16)


def test_frames_of_a_history_are_channels_of_one_image(spec: StepSpec) -> None:
    """With weights that leave out all but one frame, a history's latent is that frame's."""
    torch.manual_seed(0)
    one = ObservationEncoder(CONFIG, spec.observation)
    three = ObservationEncoder(replace(CONFIG, stack=3), spec.observation)
    frames, proprio = images(4, 3, 2, 16, 16, 3), torch.randn(4, 3, 3)
    for k in range(3):
        state = {name: value.clone() for name, value in one.state_dict().items()}
        for name in ("cameras.0.stem.weight", "cameras.1.stem.weight"):
            wide = torch.zeros(8, 3, 12, 4, 1)
            wide[:, k] = state[name]
            state[name] = wide.flatten(1, 2)
        state["proprio.project.weight"] = torch.zeros(5, 3, 3).index_copy(
            1, torch.tensor([k]), state["proprio.project.weight"][:, None]
        )
        state["proprio.project.weight"] = state["proprio.project.weight"].flatten(1)
        state["proprio.mean"], state["proprio.std"] = torch.zeros(9), torch.ones(9)
        three.load_state_dict(state)
        torch.testing.assert_close(three(frames, proprio), one(frames[:, k], proprio[:, k]), atol=1e-5, rtol=1e-4)


def test_every_frame_of_proprioception_is_normalised() -> None:
    encoder = ProprioEncoder(6, 5)
    data = 3.0 + torch.randn(100, 2, 3)
    encoder.fit(data)
    torch.testing.assert_close(encoder.mean.view(2, 3), data.mean(0))


SPATIAL = replace(CONFIG, kind="spatial", channels=(8, 6), kernels=(5, 3), strides=(2, 2), spatial_features=3)


def test_a_spatial_encoder_weighs_the_places_of_each_channel(spec: StepSpec) -> None:
    torch.manual_seed(0)
    encoder = ObservationEncoder(SPATIAL, spec.observation)
    frames, proprio = images(3, 2, 16, 16, 3), torch.randn(3, 3)
    cameras = encoder.cameras
    views = []
    for camera in range(2):
        hidden = frames[:, camera].permute(0, 3, 1, 2) / 255.0 - 0.5
        for conv in cameras.convs:
            hidden = conv(hidden).relu()
        places = cameras.places[camera]
        pooled = torch.stack(
            [torch.stack([(hidden[:, c] * places[:, :, c, f]).sum((1, 2)) for f in range(3)], -1) for c in range(6)], 1
        )
        views.append(torch.tanh(cameras.norms[camera](cameras.projects[camera](pooled.flatten(1)))))
    expected = torch.cat([*views, encoder.proprio(proprio)], -1)
    torch.testing.assert_close(encoder(frames, proprio), expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(("change", "says"), [({"kernels": (3,)}, "one of each"), ({"kernels": (15, 9)}, "nothing is")])
def test_a_spatial_encoder_that_cannot_be_is_refused(spec: StepSpec, change: dict, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        ObservationEncoder(replace(SPATIAL, **change), spec.observation)
