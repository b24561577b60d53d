"""What every long benchmark on the command line needs: room on the disk, and progress a person can read."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, TimeElapsedColumn

from robot_rl.bench import turns
from robot_rl.bench.turns import Stage
from robot_rl.core.errors import UsageError


def require_space(folder: Path, wanted_gb: float) -> None:
    """Raise UsageError unless `folder` is there and has that much free space."""
    if not folder.is_dir():
        raise UsageError(f"--folder '{folder}' is no folder: give one on the disk to measure.")
    free = shutil.disk_usage(folder).free / 1e9
    if free < wanted_gb:
        raise UsageError(f"'{folder}' has {free:.1f} GB free, {wanted_gb:g} are needed: give another with --folder.")


@contextmanager
def stages() -> Iterator[Stage]:
    """Progress on standard error: a bar a stage on a terminal, else a line a stage."""
    console = Console(stderr=True)
    columns = (*Progress.get_default_columns(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bars:

        def begin(name: str) -> turns.Progress:
            task = bars.add_task(name)
            if not console.is_terminal:
                print(f"bench: {name}", file=sys.stderr, flush=True)
            return lambda done, total: bars.update(task, completed=done, total=total)

        yield begin
