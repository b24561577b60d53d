"""A folder that appears whole or not at all."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from robot_rl.core.errors import RobotRLError, UsageError


@contextlib.contextmanager
def drafted(out: Path) -> Iterator[Path]:
    """A new folder beside `out` to write into; it becomes `out` at the end, and is removed when an error leaves.

    Raises UsageError where `out` exists, RobotRLError where the disk refuses.
    """
    if out.exists():
        raise UsageError(f"'{out}' exists: give another path or remove it.")
    draft = out.with_name(f".{out.name}.{os.getpid()}.new")
    try:
        draft.mkdir(parents=True)
        yield draft
        draft.rename(out)
    except OSError as error:
        raise RobotRLError(f"cannot write '{out}': {error.strerror or error}: free space or mend the disk.") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
