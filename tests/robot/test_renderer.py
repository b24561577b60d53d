"""Camera images: shape, orientation, what can be seen in them, and contexts that leave each other alone."""

from __future__ import annotations

import gc

import numpy as np
import pytest

from robot_rl.config.robot import RobotConfig
from robot_rl.core.errors import UsageError
from robot_rl.robot import gl
from robot_rl.robot.sim_arm import SimArm
from robot_rl.robot.tasks import load_task

CAMERAS = ("wrist", "front")


def red_pixels(image: np.ndarray) -> int:
    red, green, blue = image.astype(int).transpose(2, 0, 1)
    return int(((red > 100) & (green < 90) & (blue < 90)).sum())


@pytest.mark.parametrize("size", [32, 64, 96])
def test_images_have_the_size_asked_for(robot: RobotConfig, size: int) -> None:
    images = SimArm(robot, load_task("reach"), CAMERAS, size).images()
    assert tuple(images) == CAMERAS
    assert all(image.dtype == np.uint8 and image.shape == (size, size, 3) for image in images.values())
    assert all(image.flags.c_contiguous and image.std() > 5 for image in images.values())


@pytest.mark.parametrize("name", ["reach", "lift"])
def test_what_the_task_is_about_can_be_seen(robot: RobotConfig, name: str) -> None:
    arm = SimArm(robot, load_task(name), CAMERAS, seed=0)
    counts = []
    for _ in range(60):
        arm.randomize()
        images = arm.images()
        counts.append([red_pixels(images[camera]) for camera in CAMERAS])
    wrist, front = np.array(counts).T
    assert front.min() >= 12
    assert (wrist >= 5).mean() >= 0.9


def test_up_in_the_front_image_is_up_in_the_world(robot: RobotConfig) -> None:
    arm = SimArm(robot, load_task("reach"), ("front",))
    rows = []
    for height in (0.05, 0.15):
        arm.data.mocap_pos[0] = [0.45, 0.1, height]
        arm.advance(0.01)
        image = arm.images()["front"].astype(int)
        rows.append(np.nonzero(image[..., 0] - image[..., 1] > 60)[0].mean())
    assert rows[1] < rows[0] - 3


def test_unknown_camera_is_a_usage_error(robot: RobotConfig) -> None:
    with pytest.raises(UsageError, match=r"unknown camera 'frnot'.*did you mean 'front'"):
        SimArm(robot, load_task("reach"), ("frnot",))


def test_an_arm_that_goes_away_leaves_the_others_images_alone(robot: RobotConfig) -> None:
    keep = SimArm(robot, load_task("lift"), ("front",), seed=0)
    gone = SimArm(robot, load_task("reach"), ("front",), seed=1)
    before = keep.images()["front"]
    gone.images()
    del gone
    gc.collect()
    keep.advance(0.01)
    assert np.array_equal(keep.images()["front"], before)


def test_images_can_be_had_again_after_close(robot: RobotConfig) -> None:
    arm = SimArm(robot, load_task("lift"), ("front",), seed=0)
    before = arm.images()["front"]
    arm.close()
    arm.close()
    assert np.array_equal(arm.images()["front"], before)


def test_no_camera_needs_no_opengl(robot: RobotConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gl, "_loads", lambda library: False)
    assert SimArm(robot, load_task("reach")).images() == {}


def test_missing_libraries_are_named_with_their_packages(robot: RobotConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MUJOCO_GL", raising=False)
    monkeypatch.setattr(gl, "_loads", lambda library: False)
    with pytest.raises(UsageError, match="apt-get install libegl1' or 'apt-get install libosmesa6") as caught:
        SimArm(robot, load_task("reach"), ("front",)).images()
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("asked", "present", "chosen"),
    [
        ("", {"libEGL.so.1", "libOSMesa.so.8"}, "egl"),
        ("", {"libOSMesa.so.8"}, "osmesa"),
        ("osmesa", {"libEGL.so.1", "libOSMesa.so.8"}, "osmesa"),
        ("glfw", {"libEGL.so.1"}, "egl"),
    ],
)
def test_backend_is_what_is_asked_for_or_what_is_there(
    monkeypatch: pytest.MonkeyPatch, asked: str, present: set[str], chosen: str
) -> None:
    monkeypatch.setenv("MUJOCO_GL", asked)
    monkeypatch.setattr(gl, "_loads", lambda library: library in present)
    assert gl.choose_backend() == chosen
