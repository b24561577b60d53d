"""What the end of a node means for the graph."""

from __future__ import annotations

import pytest

from robot_rl.graph.model import NodeSpec
from robot_rl.graph.restart import STEADY_S, RestartRule


def rule(**fields):
    return RestartRule(NodeSpec(name="policy", executable="policy", **fields))


def test_job_done_ends_the_graph_with_code_0():
    verdict = rule(on_exit="shutdown").decide(0, 1.0)
    assert (verdict.action, verdict.exit_code) == ("shutdown", 0)


def test_delays_grow_to_a_bound_and_then_the_graph_ends_with_code_1():
    crashing = rule(restarts=7)
    verdicts = [crashing.decide(1, 0.1) for _ in range(8)]
    assert [v.delay_s for v in verdicts[:7]] == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0]
    assert (verdicts[7].action, verdicts[7].exit_code) == ("shutdown", 1)


def test_crashes_are_forgotten_after_a_steady_run():
    crashing = rule(restarts=1)
    assert [crashing.decide(1, STEADY_S).action for _ in range(5)] == ["restart"] * 5
    assert crashing.decide(1, 0.1).action == "shutdown"


def test_usage_errors_are_not_tried_again():
    verdict = rule(on_exit="restart", restarts=5).decide(2, 1.0)
    assert (verdict.action, verdict.exit_code) == ("shutdown", 2)


@pytest.mark.parametrize("code", [1, 2, -9])
def test_a_dispensable_node_never_ends_the_graph(code):
    dispensable = rule(on_exit="ignore", restarts=1)
    actions = [dispensable.decide(code, 0.1).action for _ in range(5)]
    assert actions == ["restart"] + ["ignore"] * 4


def test_sentence_names_node_and_signal():
    assert "policy was killed by signal 9" in rule().decide(-9, 1.0).sentence
