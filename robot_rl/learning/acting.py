"""Acting with published weights, one observation at a time."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch

from robot_rl.core.errors import SchemaError
from robot_rl.core.record import StepSpec
from robot_rl.core.spec import ObservationSpec
from robot_rl.learning.actor_network import ActorNetwork
from robot_rl.learning.algorithms import ALGORITHMS
from robot_rl.learning.history import History
from robot_rl.learning.privileged import without
from robot_rl.learning.weights import WeightsMeta, unpack


class Actor:
    """A policy rebuilt from weights alone. Not for use from several threads at once.

    `history` holds what a policy with a memory has seen of the episode; hand it on to newer weights.
    """

    def __init__(
        self,
        meta: WeightsMeta,
        network: ActorNetwork,
        device: torch.device,
        seed: int,
        history: History,
        given: ObservationSpec,
    ) -> None:
        """Use `load_actor`."""
        self._given = given
        self._taken = np.array([given.proprio.index(name) for name in meta.spec.observation.proprio], np.intp)
        self.history = history
        self.meta, self._network, self._device = meta, network, device
        self._noise = torch.Generator().manual_seed(seed)

    @property
    def version(self) -> int:
        """Updates behind the weights, 0 where untrained."""
        return self.meta.version

    @property
    def spec(self) -> StepSpec:
        """Observations and actions it was trained on."""
        return self.meta.spec

    def begin(self) -> None:
        """An episode begins. A policy with a memory must be told; see History."""
        self.history.begin()

    @torch.inference_mode()
    def act(self, images: Mapping[str, np.ndarray], proprio: np.ndarray, sample: bool = False) -> np.ndarray:
        """Action float32 (A,) in [-1, 1]: the policy's best, or an exploring one with `sample`.

        `images` maps each camera to uint8 (H, W, 3), `proprio` is (P,) in raw units, of the spec the weights were
        loaded for. SchemaError if one is missing or of another shape.
        """
        features = self._network.encoder(*self._tensors(images, proprio))
        action = self._network.action(features, sample, self._noise)
        result: np.ndarray = action[0].float().cpu().numpy()
        return result

    def _tensors(self, images: Mapping[str, np.ndarray], proprio: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        spec = self.meta.spec.observation
        missing = [camera for camera in spec.cameras if camera not in images]
        if missing:
            raise SchemaError(
                f"the weights need camera '{missing[0]}', the observation has {', '.join(images) or 'none'}: "
                "use the cameras the policy was trained with."
            )
        seen = np.empty((len(spec.cameras), *spec.image_shape), np.uint8)
        for index, camera in enumerate(spec.cameras):
            seen[index] = spec.check_image(camera, images[camera])
        frames, vector = self.history.add(seen, self._given.check_proprio(proprio)[self._taken])
        return torch.from_numpy(frames).to(self._device), torch.from_numpy(vector).to(self._device)


def load_actor(
    data: bytes,
    device: str | torch.device = "cpu",
    seed: int = 0,
    spec: StepSpec | None = None,
    where: str = "weights",
    history: History | None = None,
) -> Actor:
    """Actor from packed weights. `seed` is that of sampled actions; `where` names the data in errors.

    `history` is that of the actor which has acted in the running episode so far.

    Raises SchemaError where the data is truncated, damaged, foreign, of wrong shapes, or, given `spec`, trained on
    other observations or actions; proprioception in `spec` that only critics saw in training is left out.
    """
    meta, tensors = unpack(data, where)
    if spec is not None and without(spec, meta.config.privileged) != meta.spec:
        trained = _brief(meta.spec)
        raise SchemaError(f"{where} were trained on {trained}, this graph has {_brief(spec)}: use another file.")
    target = torch.device(device)
    network = ALGORITHMS[meta.algorithm].actor(meta.config, meta.spec)
    try:
        network.load_state_dict(tensors)
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip()
        raise SchemaError(f"{where} do not fit the network they describe ({reason}): use another file.") from None
    stack = meta.config.encoder.stack
    seen = history.resized(stack) if history else History(stack)
    given = (spec or meta.spec).observation
    return Actor(meta, network.to(target).eval().requires_grad_(False), target, seed, seen, given)


def _brief(spec: StepSpec) -> str:
    obs = spec.observation
    cameras = "+".join(obs.cameras)
    return f"{cameras} {obs.image_height}x{obs.image_width}, proprio {len(obs.proprio)}, action {spec.action.names}"
