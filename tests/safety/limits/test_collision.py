"""Collision limit: which pairs it watches, and distances and gradients against the model's truth."""

import dataclasses
import itertools

import mink
import mujoco
import numpy as np
import pytest

from robot_rl.config.robot import RobotConfig
from robot_rl.core.errors import UsageError
from robot_rl.robot.model import robot_spec, twin_model
from robot_rl.safety.limits.collision import CollisionLimit
from robot_rl.safety.limits.fingers import swept_fingers
from robot_rl.safety.limits.pairs import geom_pairs, touching_pairs
from robot_rl.safety.limits.reach import joint_reach

FAR = np.full(7, 10.0)


def with_collision(robot: RobotConfig, **changes: object) -> RobotConfig:
    collision = dataclasses.replace(robot.limits.collision, **changes)
    return dataclasses.replace(robot, limits=dataclasses.replace(robot.limits, collision=collision))


@pytest.fixture
def model(robot: RobotConfig) -> mujoco.MjModel:
    return twin_model(robot)


def names(model: mujoco.MjModel, pairs: list[tuple[int, int]]) -> set[frozenset[str]]:
    return {frozenset(model.geom(geom).name for geom in pair) for pair in pairs}


def test_pairs_hold_the_world_and_far_links_but_no_neighbours(robot: RobotConfig, model: mujoco.MjModel) -> None:
    watched = names(model, geom_pairs(model))
    assert {"table", "hand_palm"} in watched and {"link0_column", "link6_flange"} in watched
    assert {"table", "link1_column"} in watched, "the world is no neighbour of the first link"
    for left_out in ({"link2_upper", "link3_elbow"}, {"left_pad", "right_pad"}, {"left_pad", "hand_palm"}):
        assert frozenset(left_out) not in watched


def test_a_body_stands_for_its_geoms_and_an_unknown_name_is_an_error(model: mujoco.MjModel) -> None:
    pairs = touching_pairs(model, (("fr3_link6", "table"),))
    assert names(model, list(pairs)) == {frozenset({"link6_wrist", "table"}), frozenset({"link6_flange", "table"})}
    assert pairs <= set(geom_pairs(model))
    with pytest.raises(UsageError, match="unknown geom or body 'tabel'.*did you mean 'table'"):
        touching_pairs(model, (("left_pad", "tabel"),))


def test_no_joint_moves_a_point_farther_than_its_reach(robot: RobotConfig, model: mujoco.MjModel) -> None:
    reach, rng, data = joint_reach(model), np.random.default_rng(0), mujoco.MjData(model)
    for _ in range(200):
        q = rng.uniform(robot.limits.position_lower, robot.limits.position_upper)
        joint, step = int(rng.integers(7)), rng.uniform(-0.5, 0.5)
        places = []
        for shift in (0.0, step):
            data.qpos[:] = q
            data.qpos[joint] += shift
            mujoco.mj_kinematics(model, data)
            places.append(data.geom_xpos.copy())
        assert (np.linalg.norm(places[1] - places[0], axis=1) <= reach[:, joint] * abs(step) + 1e-9).all()


def test_the_swept_pads_cover_the_real_ones_wherever_the_fingers_are(robot: RobotConfig) -> None:
    (swept, uncovered), full = swept_fingers(robot, twin_model(robot)), robot_spec(robot).compile()
    assert not uncovered.any()
    there, real, rng = mujoco.MjData(swept), mujoco.MjData(full), np.random.default_rng(0)
    for _ in range(50):
        q = rng.uniform(robot.limits.position_lower, robot.limits.position_upper)
        there.qpos[:], real.qpos[:] = q, [*q, *rng.uniform(0.0, 0.04, 2)]
        mujoco.mj_kinematics(swept, there)
        mujoco.mj_kinematics(full, real)
        for pad in ("left_pad", "right_pad"):
            box, inner = swept.geom(pad), full.geom(pad)
            signs = np.array(list(itertools.product((-1.0, 1.0), repeat=3)))
            corners = real.geom(pad).xpos + signs * inner.size @ real.geom(pad).xmat.reshape(3, 3).T
            local = (corners - there.geom(pad).xpos) @ there.geom(pad).xmat.reshape(3, 3)
            assert (np.abs(local) <= box.size + 1e-9).all()


def test_travel_that_cannot_be_drawn_is_kept_as_a_distance(robot: RobotConfig, model: mujoco.MjModel) -> None:
    model.geom_type[model.geom("left_pad").id] = mujoco.mjtGeom.mjGEOM_SPHERE
    uncovered = swept_fingers(robot, model)[1]
    assert uncovered[model.geom("left_pad").id] == pytest.approx(0.04)
    assert uncovered.sum() == pytest.approx(0.04)


def test_distances_and_gradients_match_the_model_wherever_the_arm_goes(robot: RobotConfig) -> None:
    wide = with_collision(robot, detection=1.5)
    limit, rng = CollisionLimit(wide, twin_model(wide)), np.random.default_rng(1)
    there = mink.Configuration(limit.model)
    q = np.array(robot.home)
    for _ in range(20):
        q = np.clip(q + rng.normal(0, 0.2, 7), robot.limits.position_lower, robot.limits.position_upper)
        there.update(q)
        before = limit.barriers(there.data, FAR)
        step = rng.normal(0, 1e-5, 7)
        there.update(q + step)
        after = limit.barriers(there.data, FAR)
        if len(before.distance) == len(after.distance):
            change = after.distance - before.distance
            assert change == pytest.approx(before.gradient @ step, abs=2e-6)


def test_bounds_kept_between_looks_are_never_above_the_truth(robot: RobotConfig, model: mujoco.MjModel) -> None:
    limit, rng = CollisionLimit(robot, model), np.random.default_rng(2)
    there = mink.Configuration(limit.model)
    q = np.array(robot.home)
    for _ in range(100):
        q = np.clip(q + rng.normal(0, 0.03, 7), robot.limits.position_lower, robot.limits.position_upper)
        there.update(q)
        limit.barriers(there.data, np.full(7, 0.02))
        truth = [mujoco.mj_geomDistance(limit.model, there.data, *pair, 2.0, None) for pair in limit.pairs]
        assert (limit._left <= np.array(truth) - limit._clearance + 1e-6).all()


def test_a_path_into_the_table_is_seen_and_one_away_from_it_is_free(robot: RobotConfig, model: mujoco.MjModel) -> None:
    limit, q = CollisionLimit(robot, model), np.array(robot.home)
    there = mink.Configuration(limit.model)
    there.update(q)
    limit.barriers(there.data, FAR)
    down = np.zeros(7)
    down[1] = 1.0
    path = np.linspace(0.1, 1.0, 10)[:, None] * down
    assert not limit.clears(mujoco.MjData(limit.model), q, path)
    assert limit.clears(mujoco.MjData(limit.model), q, -0.3 * path)


def test_a_home_nearer_than_the_clearance_is_refused(robot: RobotConfig, model: mujoco.MjModel) -> None:
    with pytest.raises(UsageError, match=r"at home '.*' and '.*' are 0\.\d+ m apart.*may_touch"):
        CollisionLimit(with_collision(robot, clearance=0.1), model)
