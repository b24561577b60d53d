"""Package metadata: what colcon and pip install is what the repository holds, and dependencies are declared."""

from __future__ import annotations

import ast
import os
import re
import runpy
import sys
import types
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from robot_rl.graph import GRAPHS, build

ROOT = Path(__file__).parents[1]
ROS_PACKAGE = re.compile(r"^(rclpy|rcl_interfaces|std_srvs|\w+_msgs|builtin_interfaces)$")
NOT_OF_ROS = {"mypy_extensions"}
WITHOUT_WHEEL = {"control_msgs"}
"""Only in a ROS installation: what needs one of these says so where it is missing."""


@pytest.fixture(scope="module")
def metadata():
    """The arguments of setup(), read with a stand-in for setuptools."""
    kept: dict = {}
    fake = types.ModuleType("setuptools")
    fake.setup = kept.update
    fake.find_packages = lambda include: include
    here, real = os.getcwd(), sys.modules.get("setuptools")
    sys.modules["setuptools"] = fake
    os.chdir(ROOT)
    try:
        runpy.run_path("setup.py")
    finally:
        os.chdir(here)
        sys.modules.pop("setuptools")
        if real is not None:
            sys.modules["setuptools"] = real
    return kept


@pytest.fixture(scope="module")
def package():
    return ElementTree.parse(ROOT / "package.xml").getroot()


def test_names_and_versions_agree(metadata, package):
    assert package.findtext("name") == metadata["name"] == "robot_rl"
    assert package.findtext("version") == metadata["version"]
    assert package.get("format") == "3"
    assert package.findtext("export/build_type") == "ament_python"


def test_every_shared_file_is_installed_where_it_lies(metadata):
    installed = {f"{target}/{Path(file).name}": file for target, files in metadata["data_files"] for file in files}
    for folder in ("config", "launch", "calibration"):
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and not path.name.startswith(".") and path.suffix != ".pyc":
                relative = path.relative_to(ROOT)
                assert installed[f"share/robot_rl/{relative}"] == str(relative)
    assert installed["share/ament_index/resource_index/packages/robot_rl"] == "resource/robot_rl"
    assert installed["share/robot_rl/package.xml"] == "package.xml"


def test_every_node_of_every_graph_has_an_executable_with_a_main(metadata, tmp_path):
    scripts = dict(entry.split(" = ") for entry in metadata["entry_points"]["console_scripts"])
    (tmp_path / "weights").touch()
    for name in GRAPHS:
        given = {"checkpoint": str(tmp_path / "weights")} if name == "eval" else {}
        for node in build(name, given).nodes:
            module, function = scripts[node.executable].split(":")
            tree = ast.parse((ROOT / f"{module.replace('.', '/')}.py").read_text())
            assert function in [item.name for item in tree.body if isinstance(item, ast.FunctionDef)]


def test_every_ros_package_that_is_imported_is_declared(package):
    declared = {element.text for element in package.iter() if element.tag.endswith("depend")}
    imported = set()
    for path in (ROOT / "robot_rl").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            modules += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            imported |= {module.split(".")[0] for module in modules}
    ros = {module for module in imported if ROS_PACKAGE.match(module)} - NOT_OF_ROS
    assert ros
    assert ros <= declared
    wheels = (ROOT / "requirements" / "ros-wheels.txt").read_text()
    brought_by_rclpy = {"rclpy", "rcl_interfaces", "builtin_interfaces"}
    assert all(f"ros-jazzy-{name.replace('_', '-')}" in wheels for name in ros - brought_by_rclpy - WITHOUT_WHEEL)


def test_transport_profile_has_the_measured_sizes():
    tree = ElementTree.parse(ROOT / "config" / "transport" / "fastdds.xml")
    texts = {element.tag.split("}")[1]: element.text for element in tree.iter()}
    assert int(texts["segment_size"]) == 16 * 2**20
    assert int(texts["sendBufferSize"]) == int(texts["receiveBufferSize"]) == 4 * 2**20


def test_ci_runs_the_suite():
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert "make test" in script.read_text()
