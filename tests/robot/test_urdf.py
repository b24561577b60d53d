"""URDFs: what MuJoCo gets, where meshes are found, and what is said when they are not."""

from __future__ import annotations

import dataclasses
import warnings
from pathlib import Path

import mujoco
import numpy as np
import pytest

from robot_rl.config.robot import RobotConfig
from robot_rl.core.errors import UsageError
from robot_rl.robot.model import twin_model
from robot_rl.robot.twin import KinematicTwin
from robot_rl.robot.urdf import find_mesh

TETRAHEDRON = "v 0 0 0\nv .1 0 0\nv 0 .1 0\nv 0 0 .1\nf 1 3 2\nf 1 2 4\nf 1 4 3\nf 2 3 4\n"


def link(name: str, shape: str) -> str:
    inertia = '<inertia ixx="1" ixy="0" ixz="0" iyy="1" iyz="0" izz="1"/>'
    geometry = f"<geometry>{shape}</geometry>"
    return (
        f'<link name="{name}"><inertial><mass value="1"/>{inertia}</inertial>'
        f'<visual><geometry><mesh filename="package://nowhere/{name}.dae"/></geometry></visual>'
        f"<collision>{geometry}</collision></link>"
    )


def joint(name: str, kind: str, parent: str, child: str, xyz: str) -> str:
    return (
        f'<joint name="{name}" type="{kind}"><parent link="{parent}"/><child link="{child}"/>'
        f'<origin xyz="{xyz}"/><axis xyz="0 0 1"/><limit lower="-2" upper="2" effort="9" velocity="1"/></joint>'
    )


def urdf(mesh: str) -> str:
    """Two joints about z, a fixed tool, and a finger; `mesh` is the forearm's collision mesh."""
    box = '<box size="0.1 0.1 0.1"/>'
    links = link("base", box) + link("arm", box) + link("forearm", f'<mesh filename="{mesh}"/>')
    joints = joint("a", "revolute", "base", "arm", "0 0 0.1") + joint("b", "revolute", "arm", "forearm", "0.4 0 0")
    tool = '<link name="tool"/>' + joint("t", "fixed", "forearm", "tool", "0.3 0 0") + link("finger", box)
    return f'<robot name="r">{links}{joints}{tool}{joint("f", "prismatic", "tool", "finger", "0 0 0")}</robot>'


@pytest.fixture
def arm(robot: RobotConfig, tmp_path: Path) -> RobotConfig:
    """A robot whose URDF is to be written to its `model`."""
    limits = dict.fromkeys(("position_upper", "velocity", "acceleration", "jerk"), (1.0, 1.0))
    return dataclasses.replace(
        robot,
        model=str(tmp_path / "arm.urdf"),
        joints=("a", "b"),
        home=(0.0, 0.0),
        limits=dataclasses.replace(robot.limits, position_lower=(-1.0, -1.0), **limits),
        tcp_link="tool",
        tcp_offset=(0.0, 0.0, 0.05, np.pi, 0.0, 0.0),
    )


def write(arm: RobotConfig, mesh: str) -> Path:
    path = Path(arm.model)
    path.write_text(urdf(mesh))
    return path


def test_a_urdf_is_a_twin_with_the_tcp_where_the_robot_says(arm: RobotConfig) -> None:
    write(arm, "forearm.stl")
    with pytest.warns(UserWarning, match=r"left out 1 collision mesh\(es\).*forearm.stl"):
        twin = KinematicTwin(arm)
    assert twin.model.nq == 2
    pose = twin.tcp_pose(np.array([np.pi / 2, -np.pi / 2]))
    assert pose.position == pytest.approx([0.3, 0.4, 0.15])
    assert np.abs(pose.quaternion) == pytest.approx([0, 1, 0, 0], abs=1e-6)


@pytest.mark.parametrize("how", ["relative", "option", "option itself", "ament", "above", "file"])
def test_a_mesh_is_found_and_collides(
    how: str, arm: RobotConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = {"ament": "ws/share/my_arm", "above": "my_arm", "relative": "meshes"}
    folder = tmp_path / places.get(how, "elsewhere/my_arm")
    folder.mkdir(parents=True)
    (folder / "part.obj").write_text(TETRAHEDRON)
    arm = dataclasses.replace(arm, model=str(folder / "arm.urdf")) if how == "above" else arm
    monkeypatch.setenv("AMENT_PREFIX_PATH", f"/nothing:{tmp_path / 'ws'}")
    packages = {"option": (str(folder.parent),), "option itself": (str(folder),)}.get(how, ())
    names = {"relative": "meshes/part.obj", "file": f"file://{folder}/part.obj"}
    write(arm, names.get(how, "package://my_arm/part.obj"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = twin_model(dataclasses.replace(arm, packages=packages))
    assert model.nmesh == 1
    assert (model.geom_type == mujoco.mjtGeom.mjGEOM_MESH).sum() == 1


def test_a_format_that_mujoco_cannot_read_counts_as_absent(arm: RobotConfig) -> None:
    (write(arm, "forearm.dae").parent / "forearm.dae").write_text("<COLLADA/>")
    with pytest.warns(UserWarning, match="forearm.dae"):
        assert twin_model(arm).nmesh == 0


def test_what_is_not_there_is_not_found(tmp_path: Path) -> None:
    assert find_mesh("package://my_arm/part.obj", tmp_path / "arm.urdf") is None
    assert find_mesh("part.obj", tmp_path / "arm.urdf") is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<robot", "no valid XML"),
        ("<mujoco/>", "is no URDF"),
        ('<robot name="x"/>', "no link in it"),
        ('<robot name="x"><link name="a"/><joint name="j" type="fixed"/></robot>', "mend the model"),
    ],
)
def test_a_file_that_is_no_urdf_is_named(arm: RobotConfig, text: str, message: str) -> None:
    Path(arm.model).write_text(text)
    with pytest.raises(UsageError, match=message):
        twin_model(arm)


def test_a_wrong_tcp_link_is_named_with_the_nearest(arm: RobotConfig) -> None:
    write(arm, "forearm.stl")
    wrong = dataclasses.replace(arm, tcp_link="toool")
    with pytest.warns(UserWarning, match="left out"), pytest.raises(UsageError, match="'toool'.*did you mean 'tool'"):
        twin_model(wrong)


def test_an_offset_turns_by_roll_pitch_and_yaw_about_the_links_axes(arm: RobotConfig) -> None:
    write(arm, "forearm.stl")
    with pytest.warns(UserWarning, match="left out"):
        twin = KinematicTwin(dataclasses.replace(arm, tcp_offset=(0.0, 0.0, 0.0, np.pi / 2, 0.0, np.pi / 2)))
    assert twin.tcp_pose(np.zeros(2)).quaternion == pytest.approx([0.5, 0.5, 0.5, 0.5])
    assert twin.model.body("tool").id > 0, "links that are fixed to others keep their names"


def test_a_second_tcp_is_refused(robot: RobotConfig) -> None:
    with pytest.raises(UsageError, match="take tcp_link out"):
        twin_model(dataclasses.replace(robot, tcp_link="fr3_hand"))
