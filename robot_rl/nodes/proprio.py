"""Joint states in any order to the named proprioception vector, with the tcp from the kinematic twin."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from sensor_msgs.msg import JointState

from robot_rl.config.nodes import ProprioNodeConfig
from robot_rl.core.errors import SchemaError
from robot_rl.nodes import convert, qos
from robot_rl.nodes.diagnostics import OK, WARN, Diagnostics, Report
from robot_rl.nodes.runner import GraphNode, run
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
        self._map = ProprioMap(self.robot, KinematicTwin(self.robot))
        self._received, self._dropped, self._last_error = 0, 0, ""
        self._publisher = self.create_publisher(JointState, "proprio", qos.STREAM)
        self._state_names, self._join = sim_state_names(self.config), StampJoin()
        self._names = (*self._map.names, *self._state_names)
        if self._state_names:
            self.create_subscription(JointState, "sim/state", self._on_state, qos.STREAM)
        self.create_subscription(JointState, self.robot.joint_states, self._on_joints, qos.STREAM)
        Diagnostics(self, "joint states", self.robot.name, self._report)

    def _on_joints(self, msg: JointState) -> None:
        self._received += 1
        try:
            vector = self._vector(msg)
        except SchemaError as error:
            self._dropped, self._last_error = self._dropped + 1, str(error)
            self.get_logger().warning(str(error), throttle_duration_sec=5.0)
            return
        stamp_ns = convert.time_from_msg(msg.header.stamp)
        self._publish(stamp_ns, self._join.add(0, stamp_ns, vector) if self._state_names else vector)

    def _on_state(self, msg: JointState) -> None:
        names = tuple(name.removeprefix("sim_") for name in self._state_names)
        stamp_ns = convert.time_from_msg(msg.header.stamp)
        self._publish(stamp_ns, self._join.add(1, stamp_ns, convert.vector_from_msg(msg, names)))

    def _publish(self, stamp_ns: int, vector: np.ndarray | None) -> None:
        if vector is not None:
            self._publisher.publish(convert.vector_to_msg(self._names, vector, stamp_ns))

    def _vector(self, msg: JointState) -> np.ndarray:
        names = (*self.robot.joints, self.robot.gripper.joint)
        positions = convert.vector_from_msg(msg, names)
        speeds = JointState(name=msg.name, position=msg.velocity)
        velocities = convert.vector_from_msg(speeds, names)
        if not np.isfinite([positions, velocities]).all():
            raise SchemaError(f"joint states hold NaN or infinity ({positions}): check the driver.")
        return self._map.vector(positions[:-1], velocities[:-1], float(positions[-1]))

    def _report(self) -> Report:
        level = WARN if self._dropped or not self._received else OK
        message = self._last_error or ("ok" if self._received else f"no message on {self.robot.joint_states}")
        return level, message, {"received": self._received, "dropped": self._dropped}


def main(args: Any = None) -> int:
    """Run the node; return its exit code."""
    return run(ProprioNode, args)


if __name__ == "__main__":
    sys.exit(main())
