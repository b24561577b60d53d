"""Everything around the policy node, safety and a person included, played in one node over real DDS."""

import subprocess
from collections.abc import Callable
from typing import Any

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from ros_peer import RosPeer
from sensor_msgs.msg import Image, JointState, PointCloud2
from std_srvs.srv import Trigger

from robot_rl.config.nodes import RigConfig
from robot_rl.nodes import convert, qos
from robot_rl.robot.spec import load_robot, step_spec

RIG = RigConfig()
SPEC = step_spec(RIG, load_robot(RIG.robot))


class Rig(RosPeer):
    """Each source can be silenced; `source` names who acts; `asked` is what safety was asked for, `deaf` if ignored."""

    def __init__(self, domain: int, policy: list[str]) -> None:
        super().__init__(domain, "rig")
        self._command, self.process = policy, subprocess.Popen(policy)
        self.silent: set[str] = set()
        self.actions: list[JointState] = []
        self.values: dict[str, str] = {}
        self.episodes: list[JointState] = []
        self.steps: list[np.ndarray] = []
        self.asked: list[str] = []
        self.counts: dict[str, str] = {}
        self.success, self.source, self.deaf = False, "POLICY", False
        self.status: dict[str, object] = {"run_id": 1, "resets": 0, "alarms": 0, "unsettled": False, "paused": False}
        self.state = ""
        self._publishers = {c: self._publisher(Image, f"camera/{c}/image") for c in RIG.cameras}
        self._publishers |= {name: self._publisher(JointState, name) for name in ("proprio", "reward")}
        self._executed = self._publisher(JointState, "action/executed", qos.EVENTS)
        self._status = self.new_status()
        for name in ("reset", "start", "stop", "pause"):
            self.node.create_service(Trigger, f"safety/{name}", self._service(name))
        self.node.create_subscription(JointState, "action/policy", self._on_action, qos.COMMAND)
        self.node.create_subscription(PointCloud2, "step", self._on_step, qos.STEP)
        self.node.create_subscription(DiagnosticArray, "/diagnostics", self._on_diagnostics, qos.STREAM)
        self.node.create_subscription(DiagnosticStatus, "episode/state", self._on_state, qos.LATCHED)
        self.node.create_subscription(JointState, "episode", self.episodes.append, qos.EVENTS)
        self.node.create_timer(0.03, self._publish)
        self.show("IDLE")

    def new_status(self) -> Any:
        """A publisher of safety/status, as each safety process has one."""
        return self._publisher(DiagnosticStatus, "safety/status", qos.LATCHED)

    def show(self, mode: str, publisher: Any = None) -> None:
        """What safety announces."""
        values = {**self.status, "mode": mode, "stamp_ns": self.now()}
        (publisher or self._status).publish(convert.status_to_msg("safety", 0, mode, values))

    def kill_policy(self) -> None:
        self.process.kill()
        self.process.wait()

    def restart_policy(self) -> None:
        """SIGKILL, and a new policy node."""
        self.kill_policy()
        self.state = self.says = ""
        self.process = subprocess.Popen(self._command)

    def person(self, name: str) -> Any:
        """A person calls episode/<name>; the answer."""
        return self.ask(f"episode/{name}")

    def _publisher(self, kind: Any, topic: str, profile: Any = qos.STREAM) -> Any:
        return self.node.create_publisher(kind, topic, profile)

    def _service(self, name: str) -> Callable[[Trigger.Request, Trigger.Response], Trigger.Response]:
        def answer(request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
            self.asked.append(name)
            response.success = True
            if self.deaf and name == "reset":
                self.show("RESETTING")
            else:
                self.status["resets"] += name == "reset"
                self.status["paused"] = name == "pause" or (self.status["paused"] and name == "stop")
                self.show({"reset": "READY", "start": "RUNNING", "stop": "IDLE", "pause": "IDLE"}[name])
            return response

        return answer

    def _publish(self) -> None:
        stamp = self.now()
        for camera in set(RIG.cameras) - self.silent:
            image = np.full(SPEC.observation.image_shape, 7, np.uint8)
            self._publishers[camera].publish(convert.image_to_msg(image, stamp, camera))
        if "proprio" not in self.silent:
            names = SPEC.observation.proprio
            self._publishers["proprio"].publish(convert.vector_to_msg(names, np.zeros(len(names)), stamp))
        if "reward" in self.silent:
            return
        values = (float(self.success), self.success, self.success)
        self._publishers["reward"].publish(convert.vector_to_msg(("reward", "success", "terminated"), values, stamp))

    def _on_action(self, msg: JointState) -> None:
        self.actions.append(msg)
        names, values = (*SPEC.action.names, "latency"), [0.25] * SPEC.action.size
        stamp = convert.time_from_msg(msg.header.stamp)
        self._executed.publish(convert.vector_to_msg(names, [*values, 0.01], stamp, self.source))

    def _on_step(self, msg: PointCloud2) -> None:
        self.steps.append(convert.step_from_msg(msg, SPEC))

    def _on_diagnostics(self, msg: DiagnosticArray) -> None:
        self.counts = convert.values_of(msg.status[0])

    def _on_state(self, msg: DiagnosticStatus) -> None:
        self.values = convert.values_of(msg)
        self.state, self.says = self.values["state"], msg.message
