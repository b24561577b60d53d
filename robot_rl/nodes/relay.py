"""A driver process of its own for a stream of the simulator, so that it alone can fall silent or freeze.

For `robot-rl bench faults`: the simulator publishes cameras and joint states from one process, a real rig does not.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

from sensor_msgs.msg import Image, JointState
from std_srvs.srv import SetBool

from robot_rl.config.param import param
from robot_rl.nodes import qos
from robot_rl.nodes.runner import GraphNode, run

TYPES = {"image": Image, "joint_states": JointState}


@dataclass(frozen=True, kw_only=True)
class RelayConfig:
    """What is passed on."""

    kind: str = param("image", "type of the messages", choices=tuple(TYPES))
    source: str = param("sim/in", "topic to pass on")
    target: str = param("out", "topic that it appears on")


class RelayNode(GraphNode):
    """Passes each message on; while frozen, the last one before that again and again, at the same rate."""

    def __init__(self) -> None:
        super().__init__("relay")
        config = self.configure(RelayConfig)
        self._frozen, self._last = False, None
        self._publisher = self.create_publisher(TYPES[config.kind], config.target, qos.STREAM)
        self.create_subscription(TYPES[config.kind], config.source, self._pass_on, qos.STREAM)
        self.create_service(SetBool, "~/freeze", self._on_freeze)

    def _pass_on(self, msg: Any) -> None:
        if not self._frozen or self._last is None:
            self._last = msg
        self._publisher.publish(self._last)

    def _on_freeze(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        self._frozen, response.success = request.data, True
        return response


def main(args: Any = None) -> int:
    """Run the node; return its exit code."""
    return run(RelayNode, args)


if __name__ == "__main__":
    sys.exit(main())
