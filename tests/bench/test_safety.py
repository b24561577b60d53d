"""bench safety: finds nothing where the limits hold, and says so where one is switched off."""

import dataclasses
import json

import numpy as np
import pytest

from robot_rl.bench.benign import BenignRun
from robot_rl.bench.ground_truth import TOLERANCES, GroundTruth
from robot_rl.bench.safety import Attack, merged
from robot_rl.cli.main import main
from robot_rl.config.robot import RobotConfig
from robot_rl.robot.sim_arm import SimArm
from robot_rl.robot.spec import load_robot
from robot_rl.robot.tasks import load_task

ROBOT = load_robot("fr3_sim")


def without(*names: str) -> RobotConfig:
    """What a safety layer is told whose named limits are switched off."""
    limits, space = ROBOT.limits, ROBOT.workspace
    if "acceleration" in names:
        limits = dataclasses.replace(limits, acceleration=(60.0,) * 7, jerk=(1e6,) * 7)
    if "orientation" in names:
        limits = dataclasses.replace(limits, orientation=dataclasses.replace(limits.orientation, angle=3.1))
    if "workspace" in names:
        space = dataclasses.replace(space, lower=(-1.0, -1.0, -1.0), upper=(1.0, 1.0, 1.0))
    return dataclasses.replace(ROBOT, limits=limits, workspace=space)


def test_with_all_limits_on_nothing_is_broken() -> None:
    figures = merged([Attack(ROBOT, seed=3).run(1500)])
    assert figures["ticks"] == 1500
    assert figures["violations"] == dict.fromkeys(TOLERANCES, 0), figures["worst_excess"]
    assert figures["unplanned_contacts"] == 0
    assert figures["reasons"]["WORKSPACE"] > 0


@pytest.mark.parametrize(
    ("off", "kinds"),
    [
        (("acceleration",), {"command", "acceleration"}),
        (("workspace",), {"workspace"}),
        (("workspace", "orientation"), {"workspace", "orientation"}),
    ],
)
def test_a_limit_that_is_switched_off_is_found_out(off: tuple[str, ...], kinds: set[str]) -> None:
    figures = merged([Attack(ROBOT, seed=3, told=without(*off)).run(1500)])
    assert all(figures["violations"][kind] > 0 for kind in kinds), figures["worst_excess"]


def test_the_truth_sees_what_touches_and_what_comes_too_near() -> None:
    arm = SimArm(ROBOT, load_task("reach"), seed=0)
    truth = GroundTruth(ROBOT, arm)
    q = np.array(ROBOT.home)
    q[1], q[3] = 1.0, -1.8  # the hand in the table
    arm.place(q)
    truth.begin()
    assert not truth.inside(0.0)
    arm.command(q, 0.04)
    arm.advance(0.0025)
    truth.look()
    truth.check(q)
    assert truth.verdict.unplanned_contacts == 1
    assert truth.verdict.violations["clearance"] == 1 and truth.verdict.violations["workspace"] == 1
    arm.close()


class Still:
    """Does nothing."""

    def reset(self) -> None:
        """Nothing to reset."""

    def act(self, state: np.ndarray) -> np.ndarray:
        """Stay, with the gripper open."""
        del state
        return np.array([0.0, 0.0, 0.0, 1.0], np.float32)


class Wild(Still):
    """Goes for the table."""

    def act(self, state: np.ndarray) -> np.ndarray:
        """Down at full speed."""
        del state
        return np.array([0.0, 0.0, -1.0, 1.0], np.float32)


def test_alterations_of_a_motion_are_counted() -> None:
    still, wild = (BenignRun(ROBOT, "reach", actor, 0).run(1) for actor in (Still(), Wild()))
    assert still.ticks == wild.ticks == 400 and still.actions == 80
    assert still.altered_ticks == still.altered_actions == 0 and not still.reasons
    assert wild.altered_ticks > 200 and wild.altered_actions > 40 and wild.reasons["WORKSPACE"] > 200


def test_the_command_prints_one_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["bench", "safety", "--ticks", "60", "--episodes", "1", "--processes", "1", "--json"])
    figures = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert code == 0
    assert {"ticks", "violations", "unplanned_contacts", "filter_p50_ms", "filter_p99_ms"} <= figures.keys()
    assert figures["ticks"] == 60 and figures["benign"]["lift"]["successes"] == 1
    assert 0.0 <= figures["benign_altered_fraction"] < 1.0


def test_no_ticks_are_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "safety", "--ticks", "0"]) == 2
    assert "--ticks is 0: give at least 1." in capsys.readouterr().err
