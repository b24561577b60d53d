"""The monitor as a process: a person who is waited for is told so, and what to do."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import rclpy
from rclpy.context import Context
from rclpy.signals import SignalHandlerOptions

from robot_rl.control.episode_machine import EpisodeMachine
from robot_rl.control.guide import Guide
from robot_rl.nodes.episode_desk import EpisodeDesk

pytestmark = pytest.mark.timeout(300)


def test_a_stop_is_shown_with_its_reason_and_the_way_on(
    free_domain: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROS_DOMAIN_ID", str(free_domain))
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    context, machine, shown = Context(), EpisodeMachine(), tmp_path / "shown"
    rclpy.init(context=context, domain_id=free_domain, signal_handler_options=SignalHandlerOptions.NO)
    node = rclpy.create_node("policy", context=context)
    desk = EpisodeDesk(node, machine, Guide(machine, review=True), on_change=lambda: None)
    words = [sys.executable, "-u", "-m", "robot_rl.nodes.monitor", "--ros-args", "-p", "period_s:=0.5"]
    with shown.open("w") as file:
        monitor = subprocess.Popen(words, stdout=file, env=dict(os.environ))

    def says(text: str) -> bool:
        deadline = time.monotonic() + 20.0
        while text not in shown.read_text() and time.monotonic() < deadline:
            time.sleep(0.05)
        return text in shown.read_text()

    try:
        desk.show(0)
        assert says("episode is IDLE") and "STOPPED" not in shown.read_text()
        assert says(": start: begin · pause: stop the robot")
        desk.show(0, countdown=2)
        assert says(": episode 1 begins in 2")
        machine.pause()
        desk.show(0)
        assert says("STOPPED: nothing moves the robot") and says("robot-rl episode resume") and says("a person paused")
    finally:
        monitor.kill()
        monitor.wait()
        node.destroy_node()
        rclpy.try_shutdown(context=context)
