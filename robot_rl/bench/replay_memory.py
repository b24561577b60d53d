"""Memory of a process that samples a store larger than it may allocate.

The limit is RLIMIT_DATA, which needs no privilege: it bounds what a process allocates (heap, anonymous and private
writable maps; an allocation beyond it fails). The store's pages are not allocated but mapped: they are the page cache
itself, clean, and the kernel takes them back whenever it needs memory, so they show in RSS but not in RssAnon.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np

from robot_rl.bench.turns import Progress
from robot_rl.core.errors import RobotRLError
from robot_rl.replay.reader import ReplayReader
from robot_rl.replay.sampler import UniformSampler

MB = 1_000_000


def memory_figures(store: Path, batch: int, batches: int, limit_mb: int, progress: Progress) -> dict[str, float]:
    """Draw `batches` batches in a process that is limited to `limit_mb`, and return its peaks [MB].

    Raises RobotRLError where the limit does not suffice.
    """
    command = [sys.executable, "-m", __spec__.name, str(store), str(batch), str(batches), str(limit_mb)]
    lines = [""]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as child:
        for line in child.stdout or ():
            lines.append(line.strip())
            if lines[-1].isdecimal():
                progress(int(line), batches)
    if child.returncode:
        raise RobotRLError(f"sampling '{store}' in {limit_mb} MB of memory failed ({lines[-1]}): raise the limit.")
    found: dict[str, float] = json.loads(lines[-1])
    return found


def sample_limited(store: Path, batch: int, batches: int, limit_mb: int) -> dict[str, float]:
    """Limit this process, sample, and return its peaks [MB]; MemoryError where the limit does not suffice."""
    resource.setrlimit(resource.RLIMIT_DATA, (limit_mb * MB, limit_mb * MB))
    reader = ReplayReader(store)
    sampler, anonymous = UniformSampler(reader), 0.0
    visited = np.zeros(len(reader), bool)
    for done in range(batches):
        visited[sampler.sample(batch)["indices"]] = True
        anonymous = max(anonymous, _status_mb("RssAnon"))
        if done % 100 == 99:
            print(done + 1, flush=True)
    return {
        "limit_mb": limit_mb,
        "sampled_share": round(float(visited.sum()) / sampler.size, 4),
        "peak_anon_mb": round(anonymous, 1),
        "peak_rss_mb": round(_status_mb("VmHWM"), 1),
    }


def _status_mb(key: str) -> float:
    """A memory figure of this process from /proc/self/status."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{key}:"):
            return int(line.split()[1]) * 1024 / MB
    raise RobotRLError(f"/proc/self/status has no '{key}': this needs Linux 4.5 or newer.")


if __name__ == "__main__":
    path, *numbers = sys.argv[1:]
    print(json.dumps(sample_limited(Path(path), *map(int, numbers))))
