"""A printed plate in a model: a rectangle that shows a picture, exactly where it is said to be."""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np

THICKNESS = 0.002


@dataclass(frozen=True)
class Plate:
    """A picture over a rectangle of a body's x-y plane; it is seen from the side of negative z, x right and y down."""

    picture: np.ndarray
    """uint8 (H, W) or (H, W, 3)."""
    corners: tuple[float, float, float, float]
    """x and y of its upper left, x and y of its lower right corner [m]."""

    def add_to(self, spec: mujoco.MjSpec, body: mujoco.MjsBody, name: str) -> None:
        """Add the plate to `body` of `spec`, touching nothing; its texture, material and geoms are called `name`."""
        picture = self.picture if self.picture.ndim == 3 else np.repeat(self.picture[..., None], 3, axis=2)
        kind = mujoco.mjtTexture.mjTEXTURE_2D
        texture = spec.add_texture(name=name, type=kind, width=picture.shape[1], height=picture.shape[0], nchannel=3)
        texture.data = np.ascontiguousarray(picture).tobytes()
        material = spec.add_material(name=name, specular=0.0)
        material.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = name
        left, top, right, bottom = self.corners
        spec.add_mesh(
            name=name,
            uservert=[left, top, 0, right, top, 0, right, bottom, 0, left, bottom, 0],
            usertexcoord=[0, 0, 1, 0, 1, 1, 0, 1],
            userface=[0, 2, 1, 0, 3, 2],
            userfacetexcoord=[0, 2, 1, 0, 3, 2],
            inertia=mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL,
        )
        unseen = {"contype": 0, "conaffinity": 0, "mass": 0.0}
        body.add_geom(name=name, type=mujoco.mjtGeom.mjGEOM_MESH, meshname=name, material=name, **unseen)
        body.add_geom(
            name=f"{name}_back",
            type=mujoco.mjtGeom.mjGEOM_BOX,
            pos=[(left + right) / 2, (top + bottom) / 2, THICKNESS / 2 + 1e-4],
            size=[(right - left) / 2, (bottom - top) / 2, THICKNESS / 2],
            rgba=[0.5, 0.5, 0.5, 1.0],
            **unseen,
        )
