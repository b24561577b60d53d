"""The learn graph in real time with a joystick beside it, touched and let go again and again."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np
import yaml

from robot_rl.bench.handover import Handover, Roughness, first_after, roughness
from robot_rl.cli.live_graph import LiveGraph, held
from robot_rl.config.loader import to_plain
from robot_rl.config.nodes import TeleopNodeConfig
from robot_rl.core.errors import RobotRLError
from robot_rl.core.record import Source
from robot_rl.graph import build
from robot_rl.graph.model import Graph, NodeSpec
from robot_rl.nodes.handover_witness import HandoverWitness
from robot_rl.robot.spec import load_robot

ROBOT, DEVICE = "fr3_sim", "joy"
SETTINGS = {
    "policy": {"episode_steps": 600},
    "learner": {"learner": {"start_steps": 1_000_000, "success_window": 1_000_000, "budget_s": 1e6}},
}
"""Untrained weights act, in episodes that leave room for many touches."""
ENABLE, MOTIONS, AXES, BUTTONS = 5, (0, 1, 4), 8, 11
"""Buttons and axes that config/devices/joy.yaml gives a meaning."""
HELD_S, FREE_S = (0.4, 0.8), (0.3, 0.6)
"""How long the joystick is held, and left alone before and after."""
MARGIN_S = 0.3
"""Time after a hand-over whose commands belong to it."""
WAIT_S = 90.0


class TeleopSession(AbstractContextManager["TeleopSession"]):
    """The graph in a run below `folder`; `trial` is one touch."""

    def __init__(self, folder: Path, options: dict[str, str], seed: int = 0) -> None:
        config, robot = folder / "teleop.yaml", folder / "robot.yaml"
        config.write_text(yaml.safe_dump(SETTINGS))
        self._robot = load_robot(ROBOT)
        stamped = replace(self._robot.command, kind="joint_state", topic="target_joint")
        robot.write_text(yaml.safe_dump(to_plain(replace(self._robot, command=stamped))))
        given = {"robot": str(robot), "run": str(folder / "run"), "config": str(config), "pace": "1.0", **options}
        self._graph = with_joystick(build("learn", given), str(robot))
        self._rng, self._period_s = np.random.default_rng(seed), 1.0 / self._robot.command.rate_hz
        self._quiet: list[tuple[int, int]] = []

    def __enter__(self) -> TeleopSession:
        with ExitStack() as stack:
            domain = stack.enter_context(held(self._graph))
            self._seen = HandoverWitness(domain, self._robot.joints, "target_joint")
            stack.callback(self._seen.close)
            self._live = LiveGraph(self._graph)
            stack.callback(self._live.close)
            self._live.start_all()
            self._stack = stack.pop_all()
        self._let_go()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()

    def trial(self) -> Handover | None:
        """Touch and let go at random instants; None where the episode ended meanwhile."""
        self._wait(self._acting, "an episode runs")
        breaks, begin_ns = self._seen.breaks, time.time_ns()
        self._sleep(FREE_S)
        touch_ns = self._touch()
        self._sleep(HELD_S)
        release_ns = self._let_go()
        self._wait(lambda: self._seen.breaks != breaks or self._after(Source.POLICY, release_ns), "the policy acts")
        time.sleep(MARGIN_S)
        if self._seen.breaks != breaks:
            return None
        self._quiet.append((begin_ns, touch_ns))
        return self._handover(touch_ns, release_ns)

    def between(self) -> Roughness:
        """The roughest of the commands while nobody touched anything."""
        commands = self._seen.commands()
        rough = [roughness(commands, self._period_s, self._robot.limits, *quiet) for quiet in self._quiet]
        return max(rough, key=lambda one: one.acceleration_share)

    def _handover(self, touch_ns: int, release_ns: int) -> Handover:
        """Times and roughness, once the policy acts again."""
        commands, limits, margin = self._seen.commands(), self._robot.limits, round(MARGIN_S * 1e9)
        marks = (Source.INTERVENTION, touch_ns), (Source.INTERVENTION, release_ns), (Source.POLICY, release_ns)
        times = [first_after(commands.stamps, self._after(*mark) or 0) for mark in marks]
        if None in times or 0 in (self._after(*mark) or 0 for mark in marks):
            raise RobotRLError(f"a touch was not executed: see the logs in '{self._live.log('teleop').parent}'.")
        taken, rested, back = (int(at or 0) for at in times)
        taking = roughness(commands, self._period_s, limits, touch_ns - margin, taken + margin)
        giving = roughness(commands, self._period_s, limits, release_ns, back + margin)
        touch_s, rest_s, back_s = (ns * 1e-9 for ns in (taken - touch_ns, rested - release_ns, back - release_ns))
        return Handover(touch_s, rest_s, back_s, taking, giving)

    def _after(self, source: Source, begin_ns: int) -> int | None:
        return first_after(self._seen.accepted(source), begin_ns)

    def _touch(self) -> int:
        axes, buttons = np.zeros(AXES), [0] * BUTTONS
        axes[list(MOTIONS)] = self._rng.uniform(-1.0, 1.0, len(MOTIONS))
        buttons[ENABLE] = 1
        return self._seen.hold(axes.tolist(), buttons)

    def _let_go(self) -> int:
        return self._seen.hold([0.0] * AXES, [0] * BUTTONS)

    def _acting(self) -> bool:
        fresh = time.time_ns() - self._seen.tick_ns < 0.2e9
        return self._seen.mode == "RUNNING" and fresh and self._seen.ticks > 5

    def _sleep(self, bounds: tuple[float, float]) -> None:
        time.sleep(self._rng.uniform(*bounds))

    def _wait(self, condition: Callable[[], object], what: str) -> None:
        deadline = time.monotonic() + WAIT_S
        while not condition():
            if time.monotonic() > deadline:
                raise self._live.overdue(WAIT_S, what, self._seen.mode)
            time.sleep(0.005)


def with_joystick(graph: Graph, robot: str) -> Graph:
    """`graph` without its monitor, with a teleop node that hears a joystick and intervenes."""
    own = TeleopNodeConfig(robot=robot, task=graph.arguments["task"], device=DEVICE, role="intervene")
    teleop = NodeSpec(name="teleop", executable="teleop", parameters=to_plain(own), stop_order=1)
    others = (node for node in graph.nodes if node.name not in ("monitor", "teleop"))
    return dataclasses.replace(graph, nodes=(*others, teleop))
