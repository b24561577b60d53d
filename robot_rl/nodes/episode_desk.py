"""Where a person meets the episodes: their state on `episode/state`, and the services that steer them.

The state's values name what a person can ask for now as `can <service>`, with what that does.
"""

from __future__ import annotations

from collections.abc import Callable

from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.node import Node
from std_srvs.srv import Trigger

from robot_rl.control.episode_machine import EpisodeMachine, State
from robot_rl.control.guide import Guide
from robot_rl.nodes import convert, qos
from robot_rl.nodes.diagnostics import ERROR, OK, WARN

LEVELS = {State.STOPPED: WARN, State.FAULT: ERROR}


class EpisodeDesk:
    """Latches `episode/state` and serves episode/pause, resume, success, failure, start and discard.

    `on_change` is called after each service that was granted, so that the node can do what follows from it.
    """

    def __init__(self, node: Node, machine: EpisodeMachine, guide: Guide, on_change: Callable[[], None]) -> None:
        self._machine, self._guide, self._on_change, self._logger = machine, guide, on_change, node.get_logger()
        self._shown: dict[str, object] = {}
        self._publisher = node.create_publisher(DiagnosticStatus, "episode/state", qos.LATCHED)
        asks: dict[str, Callable[[], str]] = {"pause": machine.pause, "resume": machine.resume}
        asks |= {"success": lambda: machine.judge(True), "failure": lambda: machine.judge(False)}
        asks |= {"start": guide.start, "discard": guide.discard}
        for name, ask in asks.items():
            node.create_service(Trigger, f"episode/{name}", self._service(ask))

    def show(self, episode: int, countdown: int = 0) -> None:
        """Publish state, reason, episode number, seconds of `countdown` and choices where one of them has changed."""
        machine, guide = self._machine, self._guide
        values: dict[str, object] = {"state": machine.state.name, "episode": episode, "why": machine.why}
        values |= {"countdown": countdown, "discarded": guide.discarded}
        values |= {f"can {verb}": does for verb, does in guide.choices.items()}
        if values != self._shown:
            if machine.held and any(values[key] != self._shown.get(key) for key in ("state", "why")):
                self._logger.warning(machine.sentence)
            self._shown = values
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
