"""Robots by name or path, and the step layout that follows."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import yaml

from robot_rl.config.loader import to_plain
from robot_rl.config.nodes import RigConfig
from robot_rl.config.robot import RobotConfig
from robot_rl.core.errors import UsageError
from robot_rl.robot.proprio import ProprioMap, StampJoin
from robot_rl.robot.spec import load_robot, step_spec
from robot_rl.robot.twin import KinematicTwin


def written(path: Path, robot: RobotConfig, **changes: object) -> Path:
    path.write_text(yaml.safe_dump({**to_plain(robot), **changes}))
    return path


def test_robot_by_path_equals_robot_by_name(robot: RobotConfig, tmp_path: Path) -> None:
    assert load_robot(str(written(tmp_path / "mine.yaml", robot))) == robot


def test_unknown_robot_lists_the_known(robot: RobotConfig) -> None:
    with pytest.raises(UsageError, match=r"unknown robot 'fr3_smi'.*did you mean 'fr3_sim'"):
        load_robot("fr3_smi")


def test_relative_model_is_meant_from_the_robots_file(robot: RobotConfig, tmp_path: Path) -> None:
    path = written(tmp_path / "mine.yaml", robot, model="arm.xml")
    assert load_robot(str(path)).model == str(tmp_path / "arm.xml")


def test_a_robot_is_its_base_but_for_what_its_file_says(robot: RobotConfig, tmp_path: Path) -> None:
    (tmp_path / "below.yaml").write_text("base: fr3_sim\nname: below\nmodel: arm.xml\naction: {translation: 0.01}\n")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "mine.yaml").write_text("base: ../below.yaml\nname: mine\naction: {gripper: false}\n")
    mine = load_robot(str(tmp_path / "sub" / "mine.yaml"))
    assert (mine.name, mine.model) == ("mine", str(tmp_path / "sub" / ".." / "arm.xml"))
    assert mine.action == dataclasses.replace(robot.action, translation=0.01, gripper=False)
    assert (mine.limits, mine.workspace, mine.home) == (robot.limits, robot.workspace, robot.home)


def test_a_base_that_is_missing_or_comes_round_again_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("base: fr3_smi\n")
    with pytest.raises(UsageError, match="unknown robot 'fr3_smi'"):
        load_robot(str(path))
    path.write_text("base: mine.yaml\n")
    with pytest.raises(UsageError, match="is its own base"):
        load_robot(str(path))


def test_lists_of_another_length_than_joints_are_refused(robot: RobotConfig, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="home has 6 entries for 7 joints"):
        load_robot(str(written(tmp_path / "mine.yaml", robot, home=list(robot.home[:6]))))


def test_home_outside_the_limits_is_refused(robot: RobotConfig, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="home of joint 'fr3_joint1' is 2.72"):
        load_robot(str(written(tmp_path / "mine.yaml", robot, home=[2.72, *robot.home[1:]])))


def test_empty_workspace_is_refused(robot: RobotConfig, tmp_path: Path) -> None:
    box = {"lower": [0.3, 0.2, 0.0], "upper": [0.6, -0.2, 0.4]}
    with pytest.raises(UsageError, match="workspace is empty in y"):
        load_robot(str(written(tmp_path / "mine.yaml", robot, workspace=box)))


def test_step_spec_follows_rig_and_robot(robot: RobotConfig) -> None:
    spec = step_spec(RigConfig(cameras=("front",), image_size=32), robot)
    assert spec.observation.cameras == ("front",)
    assert spec.observation.image_shape == (32, 32, 3)
    assert spec.action.names == ("dx", "dy", "dz", "gripper")
    assert spec.empty()["proprio"].shape == (18,)


def test_proprio_holds_what_its_names_say(robot: RobotConfig, twin: KinematicTwin) -> None:
    mapping = ProprioMap(robot, twin)
    dq = np.arange(7) / 10
    vector = dict(zip(mapping.names, mapping.vector(np.array(robot.home), dq, 0.03), strict=True))
    assert vector["q_fr3_joint4"] == pytest.approx(robot.home[3])
    assert vector["dq_fr3_joint3"] == pytest.approx(0.2)
    assert [vector[f"tcp_{axis}"] for axis in "xyz"] == pytest.approx([0.45, 0.0, 0.25], abs=1e-4)
    assert vector["gripper"] == pytest.approx(0.03)
    assert step_spec(RigConfig(), robot).observation.proprio == mapping.names


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ({"joint_names": ["a", "b"]}, "not the robot's joints in another order"),
        ({"kind": "cartesian_pose"}, "kind cartesian_pose needs frame_id"),
        ({"kind": "cartesian_twist"}, "kind cartesian_twist needs frame_id"),
        ({"kind": "joint_trajectory", "on_timeout": "zero"}, "would send joint_trajectory to zero"),
        ({"kind": "joint_velocity", "on_timeout": "hold"}, "nothing for joint_velocity"),
        ({"kind": "joint_torque"}, "not one of joint_position"),
    ],
)
def test_a_command_interface_that_cannot_work_is_refused(
    robot: RobotConfig, tmp_path: Path, command: dict[str, object], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        load_robot(str(written(tmp_path / "mine.yaml", robot, command=command)))


def test_a_gripper_that_cannot_open_is_refused(robot: RobotConfig, tmp_path: Path) -> None:
    gripper = {"joint": "fr3_finger_joint1", "open": 0.04, "closed": 0.04}
    with pytest.raises(UsageError, match="open and closed are both 0.04"):
        load_robot(str(written(tmp_path / "mine.yaml", robot, gripper=gripper)))


def test_home_and_variables_in_a_model_path_are_written_out(
    robot: RobotConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/ann")
    monkeypatch.setenv("ARM", "/opt/arm")
    for model, expected in (("~/arm.urdf", "/home/ann/arm.urdf"), ("$ARM/arm.urdf", "/opt/arm/arm.urdf")):
        path = written(tmp_path / "mine.yaml", robot, model=model, packages=["meshes", "~/m"])
        assert load_robot(str(path)).model == expected
        assert load_robot(str(path)).packages == (str(tmp_path / "meshes"), "/home/ann/m")


def test_what_the_simulator_knows_follows_the_proprioception(robot: RobotConfig) -> None:
    names = step_spec(RigConfig(task="lift", sim_state=True), robot).observation.proprio
    plain = step_spec(RigConfig(task="lift"), robot).observation.proprio
    assert names[: len(plain)] == plain and "sim_cube_x" in names[len(plain) :]


def test_streams_are_joined_by_stamp_in_any_order() -> None:
    join, joint, state = StampJoin(keep=2), np.array([1.0]), np.array([2.0, 3.0])
    assert join.add(0, 10, joint) is None and join.add(1, 20, state) is None
    for first, second, stamp in ((0, 1, 30), (1, 0, 40)):
        vectors = (joint, state)
        assert join.add(first, stamp, vectors[first]) is None
        np.testing.assert_array_equal(join.add(second, stamp, vectors[second]), [1.0, 2.0, 3.0])
    assert join.add(1, 10, state) is None, "only the newest wait"
