"""Locks that keep two graphs apart: one graph a ROS domain, one graph a run directory."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from robot_rl.core.errors import UsageError
from robot_rl.core.lock import HeldLock, take


def take_domain(domain: int, run: str) -> HeldLock:
    """Lock ROS domain `domain` for this user's graph in run directory `run`."""
    directory = Path(tempfile.gettempdir(), f"robot_rl-{os.getuid()}")
    directory.mkdir(mode=0o700, exist_ok=True)
    message = (
        f"ROS domain {domain} is in use by the graph of process {{pid}} (run '{{run}}'): "
        "stop it, or give another one with domain:=N."
    )
    return take(directory / f"domain-{domain}.lock", message, run=run)


def take_run(path: Path, run: str) -> HeldLock:
    """Lock the run directory whose lock file is `path`; its directory is made if missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    message = f"run '{run}' is in use by the graph of process {{pid}}: stop it, or give another one with run:=NAME."
    return take(path, message)


def domain_of(domain: int | None, environ: Mapping[str, str]) -> int:
    """The ROS domain in force: the argument's, else ROS_DOMAIN_ID, else 0; UsageError if that is no number."""
    if domain is not None:
        return domain
    text = environ.get("ROS_DOMAIN_ID") or "0"
    if not text.isdecimal():
        raise UsageError(f"ROS_DOMAIN_ID is '{text}', not a number: correct it or give domain:=N.")
    return int(text)
