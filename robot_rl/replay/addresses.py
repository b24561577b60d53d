"""A range of addresses whose places show files, or memory of their own, side by side."""

from __future__ import annotations

import ctypes
import mmap
import os
from typing import Any

import numpy as np

_MAP_FIXED, _MAP_NORESERVE = 0x10, 0x4000
_FAILED = ctypes.c_void_p(-1).value
_LIBC = ctypes.CDLL(None, use_errno=True)
_LIBC.mmap.restype = ctypes.c_void_p
_LIBC.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *([ctypes.c_int] * 3), ctypes.c_long]
_LIBC.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
_LIBC.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
_READ, _WRITE = mmap.PROT_READ, mmap.PROT_WRITE


def _mmap(address: int | None, size: int, protection: int, flags: int, fd: int) -> int:
    found = _LIBC.mmap(address, size, protection, flags, fd, 0)
    if found == _FAILED or found is None:
        raise _error()
    return int(found)


def _error() -> OSError:
    return OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


class AddressRange:
    """Readable addresses (zeros where nothing is shown); arrays made from it keep it alive."""

    def __init__(self, size: int) -> None:
        """Reserve `size` bytes of addresses, with no memory behind them; OSError if there are not as many."""
        self.size = size
        self._address = _mmap(None, size, _READ, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | _MAP_NORESERVE, -1)
        self.__array_interface__: dict[str, Any] = {
            "version": 3,
            "shape": (size,),
            "typestr": "|u1",
            "data": (self._address, True),
        }

    def show_file(self, offset: int, size: int, fd: int) -> None:
        """Show the first `size` bytes of a file at `offset` (page aligned); zeros up to the end of the last page."""
        _mmap(self._address + offset, size, _READ, mmap.MAP_SHARED | _MAP_FIXED, fd)

    def show_copy(self, offset: int, size: int, start: int, data: np.ndarray) -> None:
        """Show, at `offset`, `size` bytes of memory (both of whole pages) that hold `data` from `start` on."""
        address = self._address + offset
        _mmap(address, size, _READ | _WRITE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | _MAP_FIXED, -1)
        ctypes.memmove(address + start, data.ctypes.data, data.nbytes)
        if _LIBC.mprotect(address, size, _READ):
            raise _error()

    def __del__(self) -> None:
        if hasattr(self, "_address"):
            _LIBC.munmap(self._address, self.size)
