"""Joint states in any order, and a wrench, to the named proprioception vector; tcp from the kinematic twin."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from geometry_msgs.msg import WrenchStamped
from sensor_msgs.msg import JointState

from robot_rl.config.nodes import ProprioNodeConfig
from robot_rl.core.errors import SchemaError
from robot_rl.nodes import convert, qos
from robot_rl.nodes.diagnostics import OK, WARN, Diagnostics, Report
from robot_rl.nodes.runner import GraphNode, run
from robot_rl.robot.joint_reader import JointReader
from robot_rl.robot.proprio import ProprioMap, StampJoin
from robot_rl.robot.spec import load_robot, sim_state_names
from robot_rl.robot.twin import KinematicTwin


class ProprioNode(GraphNode):
    """Publishes one vector per usable joint state, with its stamp; an unusable one gives none and is counted.

    With `sim_state` it is one per joint state and simulator state of the same stamp.
    """

    def __init__(self) -> None:
        super().__init__("proprio")
        self.config = self.configure(ProprioNodeConfig)
        self.robot = load_robot(self.config.robot)
        self._map, self._reader = ProprioMap(self.robot, KinematicTwin(self.robot)), JointReader(self.robot)
        self._wrench: tuple[int, np.ndarray] | None = None
        self._received, self._dropped, self._last_error = 0, 0, ""
        self._publisher = self.create_publisher(JointState, "proprio", qos.STREAM)
        self._state_names, self._join = sim_state_names(self.config), StampJoin()
        self._names = (*self._map.names, *self._state_names)
        if self._state_names:
            self.create_subscription(JointState, "sim/state", self._on_state, qos.STREAM)
        if "wrench" in self.robot.proprio.parts:
            self.create_subscription(WrenchStamped, self.robot.proprio.wrench_topic, self._on_wrench, qos.ANYONE)
        self.create_subscription(JointState, self.robot.joint_states, self._on_joints, qos.STREAM)
        Diagnostics(self, "joint states", self.robot.name, self._report)

    def _on_joints(self, msg: JointState) -> None:
        self._received += 1
        stamp_ns = convert.time_from_msg(msg.header.stamp)
        try:
            reading = self._reader.read(msg.name, msg.position, msg.velocity, stamp_ns)
            if reading is None:
                return
            vector = self._map.vector(reading.q, reading.dq, reading.opening, self._current_wrench(stamp_ns))
        except SchemaError as error:
            self._dropped, self._last_error = self._dropped + 1, str(error)
            self.get_logger().warning(str(error), throttle_duration_sec=5.0)
            return
        self._publish(stamp_ns, self._join.add(0, stamp_ns, vector) if self._state_names else vector)

    def _on_wrench(self, msg: WrenchStamped) -> None:
        force, torque = msg.wrench.force, msg.wrench.torque
        wrench = np.array([force.x, force.y, force.z, torque.x, torque.y, torque.z])
        if np.isfinite(wrench).all():
            self._wrench = (convert.time_from_msg(msg.header.stamp), wrench)

    def _current_wrench(self, stamp_ns: int) -> np.ndarray | None:
        """The newest wrench where the vector has one; SchemaError while there is none, or it is too old."""
        config = self.robot.proprio
        if "wrench" not in config.parts:
            return None
        if self._wrench is None:
            raise SchemaError(f"nothing on '{config.wrench_topic}' yet: start the force sensor's driver.")
        age = (stamp_ns - self._wrench[0]) / convert.NS
        if age > config.wrench_max_age_s:
            raise SchemaError(
                f"the wrench on '{config.wrench_topic}' is {age:.2f} s old, at most {config.wrench_max_age_s:g} s are "
                "allowed: check the force sensor's driver."
            )
        return self._wrench[1]

    def _on_state(self, msg: JointState) -> None:
        names = tuple(name.removeprefix("sim_") for name in self._state_names)
        stamp_ns = convert.time_from_msg(msg.header.stamp)
        self._publish(stamp_ns, self._join.add(1, stamp_ns, convert.vector_from_msg(msg, names)))

    def _publish(self, stamp_ns: int, vector: np.ndarray | None) -> None:
        if vector is not None:
            self._publisher.publish(convert.vector_to_msg(self._names, vector, stamp_ns))

    def _report(self) -> Report:
        level = WARN if self._dropped or not self._received else OK
        message = self._last_error or ("ok" if self._received else f"no message on {self.robot.joint_states}")
        values = {
            "received": self._received,
            "dropped": self._dropped,
            "other_joints": ", ".join(sorted(self._reader.extra)),
            "velocities": "from positions" if self._reader.filtered else "from the driver",
        }
        return level, message, values


def main(args: Any = None) -> int:
    """Run the node; return its exit code."""
    return run(ProprioNode, args)


if __name__ == "__main__":
    sys.exit(main())
