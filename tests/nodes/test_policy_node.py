"""The policy node as a process, with cameras, robot and safety node played by the test over real DDS."""

from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.timeout(300)


def test_acts_at_its_rate_on_fresh_observations_and_publishes_whole_episodes(rig: Any) -> None:
    assert rig.spin_until(lambda: any(step["is_last"] and step["index"] == 8 for step in rig.steps))
    end = [bool(step["is_last"] and step["index"] == 8) for step in rig.steps].index(True)
    episode = rig.steps[end - 8 : end + 1]
    assert [int(step["index"]) for step in episode] == list(range(9))
    assert not episode[-1]["is_terminal"], "a time limit is no termination"
    assert all((step["action"] == 0.25).all() for step in episode[:-1]), "the executed action enters"
    assert {int(step["policy_version"]) for step in episode} == {5}
    periods = np.diff([int(step["stamp_ns"]) for step in episode]) * 1e-6
    assert np.median(periods) > 60.0, "not at the rate of the pictures"
    assert max(float(step["age"].max()) for step in episode) <= 0.15


@pytest.mark.parametrize("source", ["wrist", "proprio", "reward"])
def test_a_silent_source_gives_no_action_no_reset_and_a_counted_reason(rig: Any, source: str) -> None:
    assert rig.spin_until(lambda: len(rig.actions) > 2)
    rig.silent.add(source)
    rig.spin_for(1.0)
    before, resets = len(rig.actions), rig.asked.count("reset")
    rig.spin_for(1.0)
    now = len(rig.actions), rig.asked.count("reset")
    assert now == (before, resets), "an arm without its eyes is left where it is"
    assert rig.spin_until(lambda: f"{source} STALE" in rig.counts)
    assert rig.spin_until(lambda: any(step["is_last"] for step in rig.steps))
    assert not rig.steps[-1]["is_terminal"], "an episode that lost its eyes is truncated"
    rig.silent.clear()
    assert rig.spin_until(lambda: len(rig.actions) > before)


def test_success_ends_the_episode_as_a_termination(rig: Any) -> None:
    assert rig.spin_until(lambda: len(rig.actions) > 2)
    rig.success = True
    assert rig.spin_until(lambda: any(step["is_last"] for step in rig.steps))
    last = next(step for step in rig.steps if step["is_last"])
    assert last["is_terminal"] and last["success"]
    assert next(step for step in reversed(rig.steps) if step["episode"] == 0 and not step["is_last"])["reward"] == 1.0
