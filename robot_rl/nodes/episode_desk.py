"""Where a person meets the episodes: their state on `episode/state`, and the services that steer them."""

from __future__ import annotations

from collections.abc import Callable

from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.node import Node
from std_srvs.srv import Trigger

from robot_rl.control.episode_machine import EpisodeMachine, State
from robot_rl.nodes import convert, qos
from robot_rl.nodes.diagnostics import ERROR, OK, WARN

LEVELS = {State.STOPPED: WARN, State.FAULT: ERROR}


class EpisodeDesk:
    """Latches `episode/state` and serves episode/pause, resume, success and failure on a node.

    `on_change` is called after each service that was granted, so that the node can do what follows from it.
    """

    def __init__(self, node: Node, machine: EpisodeMachine, on_change: Callable[[], None]) -> None:
        self._machine, self._on_change, self._logger = machine, on_change, node.get_logger()
        self._shown: tuple[State, str, int] | None = None
        self._publisher = node.create_publisher(DiagnosticStatus, "episode/state", qos.LATCHED)
        asks: dict[str, Callable[[], str]] = {"pause": machine.pause, "resume": machine.resume}
        asks |= {"success": lambda: machine.judge(True), "failure": lambda: machine.judge(False)}
        for name, ask in asks.items():
            node.create_service(Trigger, f"episode/{name}", self._service(ask))

    def show(self, episode: int) -> None:
        """Publish state, reason and episode number where one of them has changed."""
        machine = self._machine
        shown = (machine.state, machine.why, episode)
        if shown != self._shown:
            self._shown = shown
            if machine.held:
                self._logger.warning(machine.sentence)
            values: dict[str, object] = {"state": machine.state.name, "episode": episode, "why": machine.why}
            self._publisher.publish(
                convert.status_to_msg("episode", LEVELS.get(machine.state, OK), machine.sentence, values)
            )

    def _service(self, ask: Callable[[], str]) -> Callable[[Trigger.Request, Trigger.Response], Trigger.Response]:
        def answer(request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
            del request
            response.message = ask()
            response.success = not response.message
            if response.success:
                self._on_change()
                response.message = self._machine.sentence
            return response

        return answer
