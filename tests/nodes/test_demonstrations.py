"""A person who demonstrates and the policy node over real DDS: start, countdown, keep and discard."""

import os
import signal
from typing import Any

import pytest

from robot_rl.nodes import convert

pytestmark = pytest.mark.timeout(300)
demonstrating = pytest.mark.parametrize("rig", [("review:=true", "countdown_s:=0.5")], indirect=True)


def over(rig: Any) -> bool:
    """Wait for an episode's end."""
    return bool(rig.spin_until(lambda: "can discard" in rig.values and "can start" in rig.values))


def record(rig: Any) -> None:
    """One episode, from `start` to its end."""
    assert rig.spin_until(lambda: "can start" in rig.values) and rig.person("start").success
    assert rig.spin_until(lambda: rig.state == "RUNNING") and over(rig)


@demonstrating
def test_an_episode_begins_at_start_after_a_countdown(rig: Any) -> None:
    assert rig.spin_until(lambda: "can start" in rig.values and "'start' begins" in rig.says)
    rig.spin_for(1.0)
    assert "reset" not in rig.asked and not rig.actions
    assert rig.person("start").success
    assert rig.spin_until(lambda: rig.values["countdown"] == "1" and rig.state == "READY")
    assert rig.asked == ["reset"] and not rig.actions
    assert rig.spin_until(lambda: rig.state == "RUNNING" and len(rig.actions) > 2) and "start" in rig.asked
    answer = rig.person("start")
    assert not answer.success and "an episode runs" in answer.message


@demonstrating
def test_only_kept_episodes_are_ever_sent_and_their_numbers_have_no_gap(rig: Any) -> None:
    record(rig)
    assert not rig.steps, "not sent before a person has decided"
    assert rig.person("discard").success
    assert rig.spin_until(lambda: rig.values["discarded"] == "1" and "can discard" not in rig.values)
    record(rig)
    assert rig.person("start").success  # keeps it
    assert rig.spin_until(lambda: rig.state == "RUNNING" and len(rig.steps) == 9)
    assert rig.person("discard").success, "also while it runs"
    assert rig.spin_until(lambda: rig.values["discarded"] == "2" and rig.state == "IDLE")
    record(rig)
    assert rig.person("start").success
    assert rig.spin_until(lambda: len(rig.steps) == 18)
    assert [int(step["seq"]) for step in rig.steps] == list(range(18))
    assert [int(step["episode"]) for step in rig.steps] == [0] * 9 + [1] * 9
    assert [int(e["episode"]) for e in map(convert.mapping_from_msg, rig.episodes)] == [0, 1]


@demonstrating
def test_an_undecided_episode_is_kept_when_the_node_ends(rig: Any) -> None:
    record(rig)
    os.kill(rig.process.pid, signal.SIGINT)
    assert rig.spin_until(lambda: len(rig.steps) == 9)


@demonstrating
def test_a_running_episode_is_dropped_when_the_node_ends(rig: Any) -> None:
    assert rig.spin_until(lambda: "can start" in rig.values) and rig.person("start").success
    assert rig.spin_until(lambda: rig.state == "RUNNING" and len(rig.actions) > 3)
    os.kill(rig.process.pid, signal.SIGINT)
    assert rig.spin_until(lambda: rig.process.poll() is not None) and not rig.steps


def test_a_graph_that_learns_keeps_every_episode(rig: Any) -> None:
    assert rig.spin_until(lambda: rig.state == "RUNNING" and "can success" in rig.values)
    assert "can discard" not in rig.values
    for verb in ("start", "discard"):
        answer = rig.person(verb)
        assert not answer.success and "by themselves" in answer.message
