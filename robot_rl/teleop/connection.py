"""A device over time: opened, read, lost and taken again, and what a person asks for by it meanwhile."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

from robot_rl.config.devices import DeviceConfig
from robot_rl.config.plugins import load_plugin
from robot_rl.teleop.device import Command, DeviceLost, Driver
from robot_rl.teleop.leader import LeaderMap
from robot_rl.teleop.mapping import InputMap

DRIVERS = "robot_rl.teleop.devices"
RETRY_S = 1.0
"""Time between two attempts to have a lost device back."""


class Meaning(Protocol):
    """Makes a command of a device's inputs."""

    def command(self, inputs: Mapping[str, float], now_s: float) -> Command:
        """What `inputs` ask for at `now_s` [s] of a steady clock."""

    def gripper_is(self, opening: float) -> None:
        """Take where the gripper stands, [-1 closed, 1 open]."""

    def release(self) -> None:
        """Forget what was held: the device is gone."""


def make_driver(config: DeviceConfig) -> Driver:
    """The driver of a device at this machine; UsageError where its library is missing."""
    driver: Driver = load_plugin(DRIVERS, "device driver", config.driver).DRIVER(config)
    return driver


def make_meaning(config: DeviceConfig, joints: tuple[str, ...]) -> Meaning:
    """What the inputs of a device mean to a robot with `joints`."""
    return LeaderMap(config, joints) if config.driver == "leader" else InputMap(config)


class Connection:
    """Never raises for a device that is not there: it says why in `Command.lost`, and tries again.

    A device that comes back, and one that is held while it is opened, must be let go before it counts.
    """

    def __init__(self, driver: Driver, meaning: Meaning) -> None:
        self.name, self.losses = "", 0
        self._driver, self._meaning = driver, meaning
        self._lost, self._tried_s, self._held = "it was not opened yet", -math.inf, True

    @property
    def there(self) -> bool:
        """True while the device is open."""
        return not self._lost

    def gripper_is(self, opening: float) -> None:
        """Take where the gripper stands, [-1 closed, 1 open]."""
        self._meaning.gripper_is(opening)

    def poll(self, now_s: float) -> Command:
        """What the person asks for at `now_s` [s] of a steady clock."""
        try:
            if self._lost and not self._open(now_s):
                return Command(lost=self._lost)
            command = self._meaning.command(self._driver.read(), now_s)
        except DeviceLost as error:
            self._lose(str(error))
            return Command(lost=self._lost)
        self._held = self._held and command.acts
        return replace(command, acts=False, motion={}, gripper=None, events=()) if self._held else command

    def close(self) -> None:
        """Let go of the device."""
        self._driver.close()

    def _open(self, now_s: float) -> bool:
        if now_s - self._tried_s < RETRY_S:
            return False
        self._tried_s = now_s
        self.name, self._lost = self._driver.open(), ""
        return True

    def _lose(self, why: str) -> None:
        self.losses += self.there
        self._driver.close()
        self._meaning.release()
        self._lost, self._held = why, True
