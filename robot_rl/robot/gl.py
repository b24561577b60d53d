"""An OpenGL context for rendering without a screen."""

from __future__ import annotations

import ctypes
import importlib
import os
from typing import Any

from robot_rl.core.errors import UsageError

LIBRARIES = {"egl": "libEGL.so.1", "osmesa": "libOSMesa.so.8"}
"""Backend -> shared library that it needs, in order of preference."""


def offscreen_context(width: int, height: int) -> Any:
    """A MuJoCo GLContext: of the backend that MUJOCO_GL names, else EGL, else OSMesa.

    The backend is chosen here and not by the environment in which mujoco is first imported, so that it does not
    matter who imported it. Raises UsageError when there is no OpenGL library or it gives no context.
    """
    # Mesa's software rasteriser splits even tiny images over threads, which then wait for each other.
    os.environ.setdefault("LP_NUM_THREADS", "0")
    backend = choose_backend()
    try:
        return importlib.import_module(f"mujoco.{backend}").GLContext(width, height)
    except Exception as error:  # PyOpenGL raises its own errors, ImportError, AttributeError, RuntimeError...
        other = next(name for name in LIBRARIES if name != backend)
        raise UsageError(
            f"{LIBRARIES[backend]} gives no context to render cameras ({type(error).__name__}: {error}): "
            f"install the other library and set MUJOCO_GL={other}."
        ) from None


def choose_backend() -> str:
    """'egl' or 'osmesa': what MUJOCO_GL asks for, else the first whose library can be loaded; UsageError if none."""
    asked = os.environ.get("MUJOCO_GL", "").strip().lower()
    candidates = (asked,) if asked in LIBRARIES else tuple(LIBRARIES)
    for backend in candidates:
        if _loads(LIBRARIES[backend]):
            return backend
    raise UsageError(
        f"cannot render cameras: {' and '.join(LIBRARIES[name] for name in candidates)} not found; "
        "install an OpenGL library with 'apt-get install libegl1' or 'apt-get install libosmesa6'."
    )


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
