"""What an observation and an action consist of: names, shapes and order, fixed for a run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from robot_rl.core.errors import SchemaError

IMAGE_CHANNELS = 3


@dataclass(frozen=True)
class ObservationSpec:
    """Cameras (uint8 RGB images of one shape) and a named proprioception vector (float32)."""

    cameras: tuple[str, ...]
    image_height: int
    image_width: int
    proprio: tuple[str, ...]

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(height, width, 3) of every camera's image."""
        return (self.image_height, self.image_width, IMAGE_CHANNELS)

    def check_image(self, camera: str, image: np.ndarray) -> np.ndarray:
        """Return `image` if it is uint8 of `image_shape`, else raise SchemaError."""
        if image.dtype != np.uint8 or image.shape != self.image_shape:
            raise SchemaError(
                f"camera '{camera}' gave {image.dtype}{image.shape}, expected uint8{self.image_shape}: "
                "set the camera's resize parameter to the policy's image size."
            )
        return image

    def check_proprio(self, vector: np.ndarray) -> np.ndarray:
        """Return `vector` as float32 (P,) if finite and of the right length, else raise SchemaError."""
        vector = np.asarray(vector, np.float32)
        if vector.shape != (len(self.proprio),) or not np.isfinite(vector).all():
            raise SchemaError(
                f"proprio vector {vector} is not {len(self.proprio)} finite numbers: "
                f"check that the driver reports {', '.join(self.proprio)}."
            )
        return vector


@dataclass(frozen=True)
class ActionSpec:
    """Named action dimensions, each in [-1, 1]."""

    names: tuple[str, ...]

    @property
    def size(self) -> int:
        """Number of action dimensions A."""
        return len(self.names)

    def check(self, action: np.ndarray) -> np.ndarray:
        """Return `action` as float32 (A,) clipped to [-1, 1]; raise SchemaError if not finite or of another size."""
        action = np.asarray(action, np.float32)
        if action.shape != (self.size,) or not np.isfinite(action).all():
            raise SchemaError(f"action {action} is not {self.size} finite numbers ({', '.join(self.names)}): dropped.")
        return np.clip(action, -1.0, 1.0)
