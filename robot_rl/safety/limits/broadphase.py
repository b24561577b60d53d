"""Lower bounds of the distances of many pairs of geoms at once, so that few need an exact one."""

from __future__ import annotations

import mujoco
import numpy as np

from robot_rl.safety.limits.pairs import Pair


class Broadphase:
    """Bounding spheres against bounding spheres; against fixed boxes (a table) and planes the shape itself."""

    def __init__(self, model: mujoco.MjModel, data: mujoco.MjData, pairs: list[Pair]) -> None:
        """`data` holds the model's kinematics, for the poses of what is fixed."""
        ordered = [self._fixed_first(model, pair) for pair in pairs]
        self._one, self._other = np.array(ordered, np.int64).reshape(-1, 2).T
        self._radii = model.geom_rbound[self._one] + model.geom_rbound[self._other]
        kinds = model.geom_type[self._one]
        fixed = model.body_weldid[model.geom_bodyid[self._one]] == 0
        self._boxes = np.flatnonzero(fixed & (kinds == mujoco.mjtGeom.mjGEOM_BOX))
        self._planes = np.flatnonzero(kinds == mujoco.mjtGeom.mjGEOM_PLANE)
        self._turn = data.geom_xmat[self._one[self._boxes]].reshape(-1, 3, 3)
        self._centre = data.geom_xpos[self._one[self._boxes]]
        self._size = model.geom_size[self._one[self._boxes]]
        self._box_radii = model.geom_rbound[self._other[self._boxes]]
        self._plane_radii = model.geom_rbound[self._other[self._planes]]

    def bounds(self, data: mujoco.MjData) -> np.ndarray:
        """Lower bounds (P,) [m] of the pairs' distances; needs kinematics."""
        at = data.geom_xpos
        apart = at[self._other] - at[self._one]
        bounds: np.ndarray = np.sqrt(np.einsum("ij,ij->i", apart, apart)) - self._radii
        if self._boxes.size:
            local = np.einsum("nij,ni->nj", self._turn, at[self._other[self._boxes]] - self._centre)
            outside = np.maximum(np.abs(local) - self._size, 0.0)
            bounds[self._boxes] = np.sqrt(np.einsum("ij,ij->i", outside, outside)) - self._box_radii
        if self._planes.size:
            normals = data.geom_xmat[self._one[self._planes]][:, [2, 5, 8]]
            bounds[self._planes] = np.einsum("ij,ij->i", normals, apart[self._planes]) - self._plane_radii
        return bounds

    @staticmethod
    def _fixed_first(model: mujoco.MjModel, pair: Pair) -> Pair:
        plane = model.geom_type[pair[1]] == mujoco.mjtGeom.mjGEOM_PLANE
        return pair[::-1] if plane or model.body_weldid[model.geom_bodyid[pair[1]]] == 0 else pair
