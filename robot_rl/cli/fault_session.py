"""A graph that runs in real time on the simulated arm while one fault after the other is put into it."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np
import yaml

from robot_rl.bench import faults
from robot_rl.bench.faults import AgeLimits, Fault, Trial
from robot_rl.cli.live_graph import LiveGraph, held
from robot_rl.config.nodes import PolicyNodeConfig
from robot_rl.core.errors import RobotRLError
from robot_rl.graph import build
from robot_rl.graph.model import Graph, NodeSpec
from robot_rl.graph.session import run_of
from robot_rl.nodes.command_in import SILENCE_S
from robot_rl.nodes.fault_witness import FaultWitness
from robot_rl.replay.reader import ReplayReader
from robot_rl.robot.sim_model import ArmIndex, simulation_model
from robot_rl.robot.spec import load_robot, step_spec
from robot_rl.robot.tasks import load_task

TASKS = {"learn": "reach", "demo": "lift"}
"""The expert needs longer to lift than any fault is watched for."""
EPISODE_STEPS, MAX_BACKLOG = 25, 10
SETTINGS = {
    "policy": {"episode_steps": EPISODE_STEPS, "max_backlog": MAX_BACKLOG, "linger_s": 0.0},
    "learner": {"learner": {"start_steps": 1_000_000, "success_window": 1_000_000, "budget_s": 1e6}},
}
"""Untrained weights act; the learner never updates and has no goal. Small numbers, so that a case takes seconds."""
MOVING = 0.1
"""Joint speed [rad/s] of an arm that moves enough to be stopped."""
EARLY = (3, 10)
"""Ticks of an episode between which a fault comes: it is not to end by itself while it is watched."""
WATCH_S = 0.6
RESTARTED_S = 1.0
"""Time that the arm is watched after safety was started again."""
STARTS, RESTART_S = 3, 30.0
"""How often safety is started until it is heard, and the time it has for that [s]."""
HELD_S = 1.0
"""Time without motion in which an arm that is not reset counts as held."""
WAIT_S = 90.0
HEARD_S = 0.5
"""Age up to which the last message of a source says that it is alive; the learner's is the slowest."""
NUDGE_S = 2.0
"""Time after which a person resumes a policy that waits for that."""


class FaultSession(AbstractContextManager["FaultSession"]):
    """The graph `name` in a run below `folder`, with drivers of their own for a camera and for the joint states."""

    def __init__(self, name: str, folder: Path, options: dict[str, str], watch_s: float = WATCH_S) -> None:
        """`watch_s` is the time [s] that a fault goes on after the arm must stand."""
        self._watch_s = watch_s
        config = folder / "faults.yaml"
        config.write_text(yaml.safe_dump(SETTINGS))
        given = {"task": TASKS[name], "run": str(folder / name), "config": str(config), "pace": "1.0", **options}
        self._graph = with_drivers(build(name, {**given, "episodes": "0"}))
        safety, policy = (self._graph.node(node).parameters for node in ("safety", "policy"))
        self._robot = load_robot(safety["robot"])
        self._rate_hz, self._tick = policy["rate_hz"], 1.0 / self._robot.command.rate_hz
        self._ages = AgeLimits.of(dict(safety), dict(policy), self._robot.command.rate_hz, SILENCE_S)
        model = simulation_model(self._robot, load_task(safety["task"]))
        self._lag = ArmIndex.of(model, self._robot).lead

    def __enter__(self) -> FaultSession:
        policy = self._graph.node("policy").parameters
        rig = PolicyNodeConfig(**{key: policy[key] for key in ("cameras", "image_size", "rate_hz")})
        with ExitStack() as stack:
            domain = stack.enter_context(held(self._graph))
            states = f"sim/{self._robot.joint_states}"
            self._seen = FaultWitness(domain, self._robot, step_spec(rig, self._robot), states, faults.CAMERA)
            stack.callback(self._seen.close)
            self._live = LiveGraph(self._graph)
            stack.callback(self._live.close)
            self._live.start_all()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()

    def trial(self, fault: Fault) -> Trial:
        """Put `fault` into the moving arm's graph, watch, and bring the source back."""
        for name in ("sim", faults.CAMERA_RELAY, faults.JOINTS_RELAY):
            self._live.favour(name)
        self._wait(lambda: self._acting() and self._hears(fault.topic), "an episode runs and the arm moves")
        if fault.guard == "backlog":
            return self._learner_trial(fault)
        limit_s = getattr(self._ages, fault.guard)
        begin_ns = time.time_ns()
        self._inject(fault)
        time.sleep(limit_s + faults.REST_S + self._watch_s)
        good_ns, until_ns = self._seen.newest[fault.topic], time.time_ns()
        stamps, speeds = self._seen.states()
        late_s = faults.longest_gap(stamps, begin_ns, until_ns)
        if fault.process == "safety":
            until_ns = self._restart_safety()
            stamps, speeds = self._seen.states()
        else:
            self._bring_back(fault)
        stop = faults.find_stop(stamps, speeds, good_ns, limit_s, until_ns)
        used = speeds[(stamps > good_ns) & (stamps <= good_ns + limit_s * 1e9)]
        return Trial(stop, limit_s, self._braking_s(used), late_s)

    def lost_steps(self) -> int:
        """Steps that were published and are not on disk, though there was time for it."""
        if self._graph.name != "learn":
            return 0
        store = run_of(self._graph).replay
        published, deadline = set(self._seen.steps), time.monotonic() + WAIT_S
        while (lost := published - stored(store)) and time.monotonic() < deadline:
            time.sleep(0.5)
        return len(lost)

    def _learner_trial(self, fault: Fault) -> Trial:
        limit_steps = MAX_BACKLOG + EPISODE_STEPS + 1
        before = len(self._seen.steps)
        self._inject(fault)
        self._wait(
            lambda: len(self._seen.steps) - before > MAX_BACKLOG and self._held(),
            "the arm is held for want of a learner",
            resume=False,
        )
        held_ns = time.time_ns()
        time.sleep(self._watch_s)
        good_ns = self._seen.newest[fault.topic]
        stamps, speeds = self._seen.states(good_ns)
        steps = len(self._seen.steps) - before
        self._bring_back(fault)
        stop = faults.find_hold(stamps, speeds, good_ns, held_ns)
        limit_s = limit_steps / self._rate_hz
        return Trial(stop, limit_s, self._braking_s(speeds), steps=steps, limit_steps=limit_steps)

    def _braking_s(self, speeds: np.ndarray) -> float:
        return faults.braking_s(speeds, self._robot.limits.acceleration, self._lag, self._tick)

    def _restart_safety(self) -> int:
        """Start safety again while the policy cannot ask it for anything; the time [ns] until which it was watched."""
        self._live.stop("policy")
        try:
            self._start_until_heard()
            time.sleep(RESTARTED_S)
            return time.time_ns()
        finally:
            self._live.go_on("policy")

    def _start_until_heard(self) -> None:
        """Start safety, and again where the middleware lets nobody hear what took the place of a killed process.

        Fast DDS 2.14 cannot always open the shared-memory port that the killed one left.
        """
        for left in reversed(range(STARTS)):
            self._seen.mode = ""
            self._live.start("safety")
            try:
                self._wait(lambda: self._seen.mode == "IDLE", "safety is back", False, RESTART_S)
                break
            except RobotRLError:
                if not left:
                    raise
                self._live.kill("safety")

    def _acting(self) -> bool:
        seen = self._seen
        fresh = time.time_ns() - seen.tick_ns < 1.5e9 / self._rate_hz
        return seen.mode == "RUNNING" and fresh and EARLY[0] <= seen.ticks <= EARLY[1] and seen.speed > MOVING

    def _hears(self, topic: str) -> bool:
        """Whether the source itself is heard again, and not only what comes of it: a new process must be discovered."""
        return time.time_ns() - self._seen.newest.get(topic, 0) < HEARD_S * 1e9

    def _held(self) -> bool:
        stamps, speeds = self._seen.states(time.time_ns() - round(HELD_S * 1e9))
        still = len(stamps) > 0 and not (np.abs(speeds) > faults.STILL).any()
        return still and self._seen.mode == "IDLE"

    def _inject(self, fault: Fault) -> None:
        if fault.how == "kill":
            self._live.kill(fault.process)
        elif fault.how == "stop":
            self._live.stop(fault.process)
        elif not self._seen.freeze(fault.process, True):
            raise RobotRLError(f"'{fault.process}' does not answer: see '{self._live.log(fault.process)}'.")

    def _bring_back(self, fault: Fault) -> None:
        if fault.how == "kill":
            self._live.start(fault.process)
        elif fault.how == "stop":
            self._live.go_on(fault.process)
        else:
            self._seen.freeze(fault.process, False)

    def _wait(self, condition: Callable[[], bool], what: str, resume: bool = True, within_s: float = WAIT_S) -> None:
        begin = nudged = time.monotonic()
        while not condition():
            now = time.monotonic()
            if now - begin > within_s:
                raise self._live.overdue(within_s, what, self._seen.mode)
            if resume and now - nudged > NUDGE_S:
                nudged = now
                self._seen.resume()
            time.sleep(0.005)


def with_drivers(graph: Graph) -> Graph:
    """`graph` without its monitor, a camera and the joint states of the simulator each behind a relay process."""
    image, states = f"camera/{faults.CAMERA}/image", load_robot(graph.node("sim").parameters["robot"]).joint_states
    topics = {faults.CAMERA_RELAY: ("image", image), faults.JOINTS_RELAY: ("joint_states", states)}
    renamed = tuple((topic, f"sim/{topic}") for _, topic in topics.values())
    nodes = [node if node.name != "sim" else replace(node, remappings=renamed) for node in graph.nodes]
    relays = [
        NodeSpec(
            name=name,
            executable="relay",
            parameters={"kind": kind, "source": f"sim/{topic}", "target": topic},
            stop_order=5,
        )
        for name, (kind, topic) in topics.items()
    ]
    return replace(graph, nodes=(*(node for node in nodes if node.name != "monitor"), *relays))


def stored(store: Path) -> set[tuple[int, int]]:
    """(run_id, sequence number) of every step on disk."""
    reader = ReplayReader(store)
    rows = np.arange(len(reader))
    return set(zip(*(reader.take(name, rows).tolist() for name in ("run_id", "seq")), strict=True))
