"""The files for `ros2 launch` (the real one is tried where ROS is installed)."""

from __future__ import annotations

import ast

import pytest

from robot_rl.config.paths import share_dir
from robot_rl.graph import GRAPHS


@pytest.mark.parametrize("name", GRAPHS)
def test_every_graph_has_a_launch_file_that_starts_it(name):
    tree = ast.parse((share_dir() / "launch" / f"{name}.launch.py").read_text())
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    assert [ast.unparse(call) for call in calls] == [f"launch_description('{name}')"]


@pytest.mark.parametrize("name", GRAPHS)
def test_launch_description_declares_every_argument(name):
    pytest.importorskip("launch_ros")
    from robot_rl.graph.ros_launch import launch_description

    declared = [argument.name for argument in launch_description(name).get_launch_arguments()]
    assert declared == [argument.name for argument in GRAPHS[name].arguments]
