"""Package metadata for pip and for colcon (ament_python layout)."""

from __future__ import annotations

import os
from pathlib import Path

from setuptools import find_packages, setup

PACKAGE = "robot_rl"
NODES = ("sim", "camera", "proprio", "policy", "safety", "reward", "teleop", "learner", "recorder", "monitor", "view")
SHARED = ("config", "calibration", "launch")


def shared_files(folder: str) -> list[tuple[str, list[str]]]:
    """data_files entries that put `folder`, with its sub-folders, below share/robot_rl."""
    entries = []
    for path, _, files in sorted(os.walk(folder)):
        names = [str(Path(path, name)) for name in sorted(files) if not name.startswith(".") and name[-4:] != ".pyc"]
        if names:
            entries.append((f"share/{PACKAGE}/{path}", names))
    return entries


setup(
    name=PACKAGE,
    version="0.1.0",
    description="A real-robot learning control stack for ROS 2",
    license="Apache-2.0",
    maintainer="robot_rl developers",
    maintainer_email="robot_rl@example.org",
    python_requires=">=3.11",
    packages=find_packages(include=[PACKAGE, f"{PACKAGE}.*"]),
    package_data={PACKAGE: ["**/*.xml", "**/*.html", "py.typed"]},
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{PACKAGE}"]),
        (f"share/{PACKAGE}", ["package.xml"]),
        *(entry for folder in SHARED for entry in shared_files(folder)),
    ],
    # What ROS gives is declared in package.xml, the rest in requirements/: a ROS workspace brings both its own way.
    install_requires=[],
    zip_safe=False,
    entry_points={
        "console_scripts": [
            "robot-rl = robot_rl.cli.main:main",
            *(f"{node} = robot_rl.nodes.{node}:main" for node in NODES),
        ]
    },
)
