"""Environment variables that the nodes of every graph run with."""

from __future__ import annotations

from robot_rl.config.paths import share_dir

ALLOCATOR = "glibc.malloc.mmap_threshold=4294967296:glibc.malloc.trim_threshold=8589934592"
"""Big blocks stay with the process: returning them makes each training step pay for fresh page faults."""
ONE_THREAD = {"OMP_NUM_THREADS": "1"}
"""For every node but the learner, whose updates want the cores."""


def defaults() -> dict[str, str]:
    """Variables for all nodes, where the user has not set them."""
    return {
        "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
        "FASTRTPS_DEFAULT_PROFILES_FILE": str(share_dir() / "config" / "transport" / "fastdds.xml"),
        "GLIBC_TUNABLES": ALLOCATOR,
        "PYTHONUNBUFFERED": "1",
    }


def overrides(domain: int | None) -> dict[str, str]:
    """Variables that replace the user's: the ROS domain where one was given."""
    return {} if domain is None else {"ROS_DOMAIN_ID": str(domain)}
