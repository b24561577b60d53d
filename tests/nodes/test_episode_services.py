"""A person and the policy node over real DDS: pause, resume, success, failure, and stops that only resume ends."""

from typing import Any

import pytest

pytestmark = pytest.mark.timeout(300)


def acting(rig: Any, state: str = "RUNNING") -> bool:
    """Wait for the middle of an episode."""
    before = len(rig.actions)
    return bool(rig.spin_until(lambda: rig.state == state and len(rig.actions) > before + 2))


def assert_nothing_is_asked_for(rig: Any) -> None:
    rig.spin_for(0.5)
    before, asked = len(rig.actions), len(rig.asked)
    rig.spin_for(2.0)
    assert len(rig.actions) == before and set(rig.asked[asked:]) <= {"stop", "pause"}


def test_pause_truncates_the_episode_and_stops_and_resume_begins_the_next_with_a_reset(rig: Any) -> None:
    assert acting(rig)
    answer = rig.person("pause")
    assert answer.success and "resume" in answer.message
    assert rig.spin_until(lambda: rig.state == "STOPPED" and rig.asked[-1] == "pause")
    assert rig.spin_until(lambda: bool(rig.steps[-1]["is_last"]))
    assert not rig.steps[-1]["is_terminal"] and not rig.steps[-1]["success"]
    episode = [step for step in rig.steps if step["episode"] == rig.steps[-1]["episode"]]
    assert [int(step["index"]) for step in episode] == list(range(len(episode))) and len(episode) > 2
    assert_nothing_is_asked_for(rig)
    assert not rig.person("pause").success and not rig.person("success").success
    resets = rig.asked.count("reset")
    assert rig.person("resume").success
    assert acting(rig) and rig.asked.count("reset") > resets
    answer = rig.person("resume")
    assert not answer.success and "nothing to resume" in answer.message


def test_pause_while_the_robot_goes_home_stops_it(rig: Any) -> None:
    rig.deaf = True
    assert rig.spin_until(lambda: rig.state == "RESETTING" and "reset" in rig.asked)
    assert rig.person("pause").success
    assert rig.spin_until(lambda: rig.state == "STOPPED" and rig.asked[-1] == "pause")
    assert_nothing_is_asked_for(rig)
    rig.deaf = False
    assert rig.person("resume").success and acting(rig)


@pytest.mark.parametrize("success", [True, False])
def test_a_person_ends_the_episode(rig: Any, success: bool) -> None:
    for _ in range(5):  # the episode may end by itself just before the call
        assert acting(rig)
        if rig.person("success" if success else "failure").success:
            break
    assert rig.spin_until(lambda: any(step["is_terminal"] for step in rig.steps))
    last = next(step for step in rig.steps if step["is_terminal"])
    before = next(
        step for step in rig.steps if (step["episode"], step["index"]) == (last["episode"], last["index"] - 1)
    )
    assert last["is_last"] and last["success"] == success and before["reward"] == float(success)
    assert acting(rig), "the next episode begins"


def test_human_while_a_person_acts(rig: Any) -> None:
    assert acting(rig)
    rig.source = "INTERVENTION"
    assert acting(rig, "HUMAN")
    rig.source = "POLICY"
    assert acting(rig, "RUNNING")


def test_another_safety_process_is_asked_for_nothing_until_a_person_resumes(rig: Any) -> None:
    assert acting(rig)
    rig.status |= {"run_id": 2, "resets": 0}
    rig.show("IDLE")
    assert rig.spin_until(lambda: rig.state == "STOPPED")
    assert "another one" in rig.says and "robot-rl episode resume" in rig.says
    assert_nothing_is_asked_for(rig)
    assert rig.spin_until(lambda: bool(rig.steps[-1]["is_last"])) and not rig.steps[-1]["is_terminal"]
    assert rig.person("resume").success and acting(rig)


def test_a_safety_process_that_has_not_spoken_is_asked_for_nothing(rig: Any) -> None:
    assert acting(rig) and rig.person("pause").success
    other = rig.new_status()
    rig.spin_for(1.0)
    assert rig.person("resume").success
    assert_nothing_is_asked_for(rig)
    assert rig.state == "IDLE" and "has not spoken" in rig.says
    rig.status |= {"run_id": 2}
    rig.show("IDLE", other)
    assert rig.spin_until(lambda: rig.state == "STOPPED")


def test_an_estop_holds_until_it_is_cleared_and_a_person_resumes(rig: Any) -> None:
    assert acting(rig)
    rig.status |= {"alarms": 1, "unsettled": True}
    rig.show("ESTOP")
    assert rig.spin_until(lambda: rig.state == "FAULT") and "estop --clear" in rig.says
    assert not rig.person("resume").success
    assert_nothing_is_asked_for(rig)
    rig.show("IDLE")
    assert rig.spin_until(lambda: rig.state == "STOPPED")
    assert_nothing_is_asked_for(rig)
    assert rig.person("resume").success and acting(rig)


def test_a_pause_of_which_safety_tells_holds_a_policy_node_that_comes_later(rig: Any) -> None:
    assert acting(rig) and rig.person("pause").success
    assert rig.spin_until(lambda: rig.status["paused"] is True)
    rig.restart_policy()
    assert rig.spin_until(lambda: rig.state == "STOPPED" and "person paused" in rig.says)
    assert_nothing_is_asked_for(rig)
    assert rig.person("resume").success and acting(rig)
