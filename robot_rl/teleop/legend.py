"""What a device's inputs do, for a person."""

from __future__ import annotations

import textwrap

from robot_rl.config.devices import DeviceConfig
from robot_rl.config.robot import RobotConfig
from robot_rl.teleop.entries import Entries

MOTIONS = {
    "dx": ("away", "back"),
    "dy": ("left", "right"),
    "dz": ("up", "down"),
    "rx": ("turn x+", "turn x-"),
    "ry": ("turn y+", "turn y-"),
    "rz": ("turn left", "turn right"),
}
DEEDS = {
    "enable": "hold to act",
    "intervene": "hold to take control",
    "intervene_toggle": "take or give back control",
    "open": "open the gripper",
    "close": "close the gripper",
    "gripper_toggle": "open or close the gripper",
    "start": "begin, or go on after a pause",
    "success": "end the episode as a success",
    "failure": "end it as a failure",
    "discard": "throw it away",
    "pause": "pause",
    "stop": "stop the robot",
}

WIDTH = 68
HARD, SPACE = "\N{NO-BREAK SPACE}", "   "


def legend(config: DeviceConfig, robot: RobotConfig) -> list[str]:
    """Lines that say which inputs make which motion of those that `robot` can make, and what the buttons do."""
    entries = Entries(robot)
    words: dict[str, list[str]] = {}
    for axis in config.axes:
        if entries.index(axis.moves) is not None:
            words.setdefault(_motion(config, axis.moves, axis.sign), []).append(axis.input)
    deeds: dict[str, list[str]] = {}
    for button in config.buttons:
        deeds.setdefault(DEEDS[button.does], []).append(button.input)
    items = [f"{' '.join(inputs)}: {does}" for does, inputs in (words | deeds).items()]
    lines = textwrap.wrap(SPACE.join(item.replace(" ", HARD) for item in items), WIDTH)
    return [line.replace(HARD, " ") for line in lines]


def _motion(config: DeviceConfig, moves: str, sign: float) -> str:
    ways = MOTIONS.get(moves, (f"{moves} +", f"{moves} -"))
    return ways[sign < 0] if config.driver == "keyboard" else " / ".join(ways if sign > 0 else ways[::-1])
