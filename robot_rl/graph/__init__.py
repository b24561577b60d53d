"""The graph described once, as data; `ros2 launch` and `robot-rl launch` are its two front ends."""

from robot_rl.graph.arguments import Argument, parse_assignments
from robot_rl.graph.build import GRAPHS, build
from robot_rl.graph.model import Graph, NodeSpec

__all__ = ["GRAPHS", "Argument", "Graph", "NodeSpec", "build", "parse_assignments"]
