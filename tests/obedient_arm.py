"""A safety controller before a robot that is always exactly where it was commanded."""

import numpy as np

from robot_rl.config.nodes import SafetyNodeConfig
from robot_rl.config.robot import RobotConfig
from robot_rl.safety.controller import Command, SafetyController


class ObedientArm:
    """Joint positions `q` (J,) [rad] and velocities `dq` (J,) [rad/s] at node clock `now` [ns], `dt` [s] a tick."""

    def __init__(self, config: SafetyNodeConfig, robot: RobotConfig) -> None:
        self.controller, self.now, self.dt = SafetyController(config, robot), 10**9, 1.0 / robot.command.rate_hz
        self.q, self.dq = np.array(robot.home), np.zeros(len(robot.joints))
        self.controller.on_state(self.now, self.q)

    def begin(self) -> None:
        """Go home, and let actions move the robot."""
        self.controller.reset()
        while not self.controller.at_home:
            self.tick()
        self.controller.task_was_reset()
        self.controller.start()

    def tick(self) -> None:
        """One tick of the driver."""
        self.now += round(self.dt * 1e9)
        self.controller.on_state(self.now, self.q)
        command = self.controller.tick(self.now)
        assert command is not None
        dq = (command.q - self.q) / self.dt
        self.check(command, dq)
        self.q, self.dq = command.q, dq

    def check(self, command: Command, dq: np.ndarray) -> None:
        """Look at a `command` that makes the joints move at `dq` (J,) [rad/s], before it is carried out."""
