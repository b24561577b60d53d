"""A ROS domain of its own for every test process."""

import fcntl
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def free_domain() -> Iterator[int]:
    """A ROS_DOMAIN_ID that no other test uses while this one runs."""
    for domain in range(40, 99):
        lock = (Path(tempfile.gettempdir()) / f"robot_rl_test_domain_{domain}.lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            continue
        yield domain
        lock.close()
        return
    raise RuntimeError("no free ROS domain for a test")
