"""Commands to grippers by topic and by action."""

from __future__ import annotations

import dataclasses
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from robot_rl.core.errors import UsageError
from robot_rl.nodes.gripper_out import make_gripper
from robot_rl.robot.spec import load_robot

GRIPPER = load_robot("fr3").gripper


class Recorder:
    """Stands where a node, its publisher and an action client would; keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[Any] = []
        self.ready = True

    def create_publisher(self, *args: object) -> Recorder:
        return self

    def publish(self, msg: Any) -> None:
        self.sent.append(list(msg.data))

    def server_is_ready(self) -> bool:
        return self.ready

    def send_goal_async(self, goal: Any) -> None:
        self.sent.append((goal.command.position, goal.command.max_effort))


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    """control_msgs as if it were installed, and the client that is made with it."""
    recorder, action = Recorder(), ModuleType("control_msgs.action")
    goal = type("Goal", (), {"__init__": lambda self: setattr(self, "command", SimpleNamespace())})
    action.GripperCommand = SimpleNamespace(Goal=goal)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "control_msgs", ModuleType("control_msgs"))
    monkeypatch.setitem(sys.modules, "control_msgs.action", action)
    monkeypatch.setattr("rclpy.action.ActionClient", lambda *args: recorder)
    return recorder


def test_a_topic_is_told_changes_only_unless_asked_again() -> None:
    node = Recorder()
    out = make_gripper(node, dataclasses.replace(GRIPPER, kind="position"))  # type: ignore[arg-type]
    for opening, again in ((0.04, False), (0.04, False), (0.0, False), (0.0, True)):
        out.send(opening, again)
    assert node.sent == [[0.04], [0.0], [0.0]]


def test_an_action_without_control_msgs_is_refused_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "control_msgs", None)
    with pytest.raises(UsageError, match="needs control_msgs: install"):
        make_gripper(Recorder(), GRIPPER)  # type: ignore[arg-type]


def test_an_action_gets_goals_for_real_changes_only(client: Recorder) -> None:
    out = make_gripper(Recorder(), GRIPPER)  # type: ignore[arg-type]
    for opening in (0.04, 0.0396, 0.02, 0.0, 0.0005):
        out.send(opening)
    assert client.sent == [(0.04, 30.0), (0.02, 30.0), (0.0, 30.0)]


def test_a_server_that_is_not_there_yet_gets_the_goal_when_it_is(client: Recorder) -> None:
    out = make_gripper(Recorder(), GRIPPER)  # type: ignore[arg-type]
    client.ready = False
    out.send(0.04)
    assert client.sent == []
    client.ready = True
    out.send(0.04)
    assert client.sent == [(0.04, 30.0)]
