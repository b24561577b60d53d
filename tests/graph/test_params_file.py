"""ROS parameter files."""

from __future__ import annotations

import yaml

from robot_rl.graph.model import Graph, NodeSpec
from robot_rl.graph.params_file import params_text, write_params


def test_parameters_survive_the_file_with_their_types():
    parameters = {"rate": 10.0, "tiny": 1e-5, "n": 3, "on": True, "text": "true", "list": (1.0, 2.0), "sub": {"a": 1}}
    text = params_text(NodeSpec(name="n", executable="n", parameters=parameters))
    read = yaml.safe_load(text)["/**"]["ros__parameters"]
    assert read == {**parameters, "list": [1.0, 2.0]}
    assert all(type(read[key]) is type(parameters[key]) for key in ("rate", "tiny", "n", "on", "text"))


def test_empty_lists_are_left_out():
    text = params_text(NodeSpec(name="n", executable="n", parameters={"a": [], "b": {"c": (), "d": 1}}))
    assert yaml.safe_load(text)["/**"]["ros__parameters"] == {"b": {"d": 1}}


def test_one_file_a_node(tmp_path):
    nodes = tuple(NodeSpec(name=name, executable=name, parameters={"x": 1}) for name in ("a", "b"))
    paths = write_params(Graph(name="g", nodes=nodes, arguments={}), tmp_path / "params")
    assert sorted(paths) == ["a", "b"]
    assert all(path.is_file() for path in paths.values())
