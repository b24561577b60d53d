"""The house rules, read from the imports: arrows point down, and each big library stays in its rooms."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "robot_rl"
FLOORS = (
    {"cli"},
    {"nodes", "graph"},
    {"bench"},
    {"control", "rewards", "teleop", "learning"},
    {"safety", "replay", "perception", "calibration"},
    {"robot"},
    {"config", "core"},
)
"""Top to bottom. The command line is the front end of the graph and of the nodes, hence above them; what measures is
above what it measures.
"""
SIDEWAYS = {("config", "core")}
"""The one pair on a floor of its own that may: values are below the files they are read from."""
ROS = ("rclpy", "rcl_interfaces", "builtin_interfaces", "rosgraph_msgs", "std_srvs")
ROOMS_OF = {
    "rclpy": {"nodes", "cli"},
    "torch": {"learning", "nodes", "cli", "bench"},
    "zarr": {"replay", "bench"},
    "mujoco": {"robot", "safety", "bench"},
    "mink": {"robot", "safety"},
    "launch": {"graph"},
    "launch_ros": {"graph"},
}
FILES = sorted(PACKAGE.rglob("*.py"))


def room_of(path: Path) -> str:
    """Name of the room a module is in."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def floor_of(room: str) -> int:
    """Index into FLOORS."""
    return next(index for index, floor in enumerate(FLOORS) if room in floor)


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """(line, dotted module) of every import in a file, those inside functions and importlib calls included."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: write imports in full"
            yield node.lineno, str(node.module)
            if node.module == "robot_rl":
                yield from ((node.lineno, f"robot_rl.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("robot_rl."):
            yield node.lineno, node.value


def upward(path: Path) -> list[str]:
    """Imports of a file that point up or sideways, as sentences."""
    own, found = room_of(path), []
    for line, module in imports(path):
        parts = module.split(".")
        if parts[0] != "robot_rl" or len(parts) < 2 or parts[1] == own or not is_room(parts[1]):
            continue
        allowed = floor_of(own) < floor_of(parts[1]) or (own, parts[1]) in SIDEWAYS
        if not allowed:
            found.append(f"{path}:{line}: {own} imports {module}")
    return found


def is_room(name: str) -> bool:
    """True for a room of the package."""
    return (PACKAGE / name).is_dir()


def misplaced(path: Path) -> list[str]:
    """Imports of a file that its room may not have, as sentences."""
    found = []
    for line, module in imports(path):
        top = module.split(".")[0]
        top = "rclpy" if top in ROS or top.endswith("_msgs") else top
        if top in ROOMS_OF and room_of(path) not in ROOMS_OF[top]:
            found.append(f"{path}:{line}: {room_of(path)} imports {module}")
    return found


def test_every_room_has_a_floor():
    rooms = {room_of(path) for path in FILES} - {"__init__"}
    assert rooms == set().union(*FLOORS)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_down(path):
    if path.parent != PACKAGE:
        assert upward(path) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_libraries_stay_in_their_rooms(path):
    assert misplaced(path) == []


def test_the_check_sees_what_it_should(tmp_path, monkeypatch):
    room = PACKAGE / "replay"
    monkeypatch.setattr(
        Path, "read_text", lambda self: "def f():\n    from robot_rl.learning import sac\n    import torch"
    )
    assert len(upward(room / "x.py")) == 1
    assert len(misplaced(room / "x.py")) == 1
    monkeypatch.setattr(Path, "read_text", lambda self: "from robot_rl import perception\nimport sensor_msgs.msg")
    assert len(upward(room / "x.py")) == 1
    assert len(misplaced(room / "x.py")) == 1
    monkeypatch.setattr(Path, "read_text", lambda self: "from robot_rl.core import spec\nimport zarr")
    assert upward(room / "x.py") == misplaced(room / "x.py") == []
