"""System libraries that wheels expect: headless OpenGL for MuJoCo, and what OpenCV links to.

Run as a module it prints the Debian packages that are missing, and nothing where all is there.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass


@dataclass(frozen=True)
class Library:
    """Something a loader must find; any one of `files` will do."""

    purpose: str
    files: tuple[str, ...]
    packages: tuple[str, ...]


LIBRARIES = (
    Library("headless rendering", ("libEGL.so.1", "libOSMesa.so.8", "libOSMesa.so.6"), ("libegl1", "libgl1-mesa-dri")),
    Library("OpenGL (OpenCV, MuJoCo)", ("libGL.so.1",), ("libgl1",)),
    Library("GLib (OpenCV)", ("libgthread-2.0.so.0",), ("libglib2.0-0",)),
    Library("USB (RealSense)", ("libusb-1.0.so.0",), ("libusb-1.0-0",)),
)


def loads(library: Library) -> bool:
    """True if the dynamic loader finds one of the library's files."""
    return any(_loads(name) for name in library.files)


def missing_packages() -> list[str]:
    """Debian packages whose libraries cannot be loaded."""
    return [package for library in LIBRARIES if not loads(library) for package in library.packages]


def _loads(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


if __name__ == "__main__":
    print(" ".join(missing_packages()))
