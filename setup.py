"""Package metadata for pip and for colcon (ament_python layout)."""

from glob import glob

from setuptools import find_packages, setup

setup(
    name="robot_rl",
    version="0.1.0",
    description="A real-robot learning control stack for ROS 2",
    license="Apache-2.0",
    python_requires=">=3.11",
    packages=find_packages(include=["robot_rl", "robot_rl.*"]),
    include_package_data=True,
    install_requires=[],
    entry_points={"console_scripts": ["robot-rl = robot_rl.cli.main:main"]},
)
