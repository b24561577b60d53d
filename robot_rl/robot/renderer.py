"""Images of a model's cameras."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import Any

import mujoco
import numpy as np

from robot_rl.core.errors import unknown_name
from robot_rl.robot.gl import offscreen_context

MAX_GEOMS = 200


class CameraRenderer:
    """Renders named, fixed cameras of one model to RGB images; use it from one thread.

    `size` is the side of square images, or width and height.

    The OpenGL context is made on the first image, so that what needs no images needs no OpenGL.
    """

    def __init__(self, model: mujoco.MjModel, cameras: Sequence[str], size: int | tuple[int, int]) -> None:
        known = [model.camera(index).name for index in range(model.ncam)]
        for name in cameras:
            if name not in known:
                raise unknown_name("camera", name, known)
        self._model = model
        self._size = (size, size) if isinstance(size, int) else size
        self._views = {name: _view(model.camera(name).id) for name in cameras}
        self._target: _Target | None = None
        self._release: weakref.finalize[..., Any] | None = None

    def images(self, data: mujoco.MjData) -> dict[str, np.ndarray]:
        """Camera name -> new uint8 (height, width, 3) RGB image, row 0 at the top."""
        if not self._views:
            return {}
        if self._target is None:
            self._target = _Target(self._model, self._size)
            self._release = weakref.finalize(self, self._target.free)
            # At exit MuJoCo ends the display on its own, perhaps before this would run.
            self._release.atexit = False
        target = self._target
        target.context.make_current()
        return {name: target.render(data, view) for name, view in self._views.items()}

    def close(self) -> None:
        """Free the OpenGL context; asking for images makes a new one."""
        if self._release is not None:
            self._release()
        self._target = self._release = None


class _Target:
    """OpenGL context and MuJoCo's resources in it, freed together: freeing them in another context harms that."""

    def __init__(self, model: mujoco.MjModel, size: tuple[int, int]) -> None:
        self._model, self._size = model, size
        model.vis.global_.offwidth, model.vis.global_.offheight = size
        self.context = offscreen_context(*size)
        self.context.make_current()
        self._resources = mujoco.MjrContext(model, mujoco.mjtFontScale.mjFONTSCALE_50)
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, self._resources)
        self._scene = mujoco.MjvScene(model, MAX_GEOMS)
        self._option = mujoco.MjvOption()
        self._rect = mujoco.MjrRect(0, 0, *size)

    def render(self, data: mujoco.MjData, view: mujoco.MjvCamera) -> np.ndarray:
        """Image uint8 (height, width, 3) of `view`; the context must be current."""
        everything = mujoco.mjtCatBit.mjCAT_ALL
        mujoco.mjv_updateScene(self._model, data, self._option, None, view, everything, self._scene)
        mujoco.mjr_render(self._rect, self._scene, self._resources)
        image = np.empty((self._size[1], self._size[0], 3), np.uint8)
        mujoco.mjr_readPixels(image, None, self._rect, self._resources)
        return np.ascontiguousarray(image[::-1])

    def free(self) -> None:
        """Free everything, leaving whichever context was current as it was."""
        with self.context.as_current():
            self._resources.free()
        self.context.free()


def _view(camera_id: int) -> mujoco.MjvCamera:
    view = mujoco.MjvCamera()
    view.type = mujoco.mjtCamera.mjCAMERA_FIXED
    view.fixedcamid = camera_id
    return view
