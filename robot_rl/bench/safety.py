"""`robot-rl bench safety`: adversarial commands through the safety layer into the simulated arm, and what it did."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import Any

import numpy as np

from robot_rl.bench.adversary import Adversary
from robot_rl.bench.benign import Benign
from robot_rl.bench.ground_truth import TOLERANCES, GroundTruth, Verdict
from robot_rl.config.nodes import SafetyNodeConfig
from robot_rl.config.robot import RobotConfig
from robot_rl.core.geometry import Pose
from robot_rl.robot.action_map import ActionMap
from robot_rl.robot.ik import DifferentialIK, Infeasible
from robot_rl.robot.sim_arm import SimArm
from robot_rl.robot.spec import load_robot
from robot_rl.robot.tasks import load_task
from robot_rl.robot.twin import KinematicTwin
from robot_rl.safety.controller import SafetyController
from robot_rl.safety.filter import SafetyFilter

EPISODE = 1000
"""Ticks after which the arm starts from another configuration."""
ROOM = 0.012
"""Distance [m, rad] from every limit at which a random start lies at least."""


@dataclass
class Figures:
    """What one process measured."""

    ticks: int = 0
    verdict: Verdict = field(default_factory=Verdict)
    seconds: list[float] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)


class Attack:
    """The simulated arm, `robot`'s limits as the truth, and a safety layer that may be told other limits."""

    def __init__(self, robot: RobotConfig, seed: int, told: RobotConfig | None = None) -> None:
        self._robot, self._told = robot, told or robot
        self._rng = np.random.default_rng(seed)
        self._arm = SimArm(robot, load_task("reach"), seed=seed)
        self._truth = GroundTruth(robot, self._arm)
        self._twin = KinematicTwin(robot)
        self._ik = DifferentialIK(self._twin)
        self._dt = 1.0 / robot.command.rate_hz
        self.figures = Figures(verdict=self._truth.verdict)

    def run(self, ticks: int) -> Figures:
        """Episodes of `ticks` ticks in all, by turns through the controller and directly through the filter."""
        number = 0
        while self.figures.ticks < ticks:
            length = min(EPISODE, ticks - self.figures.ticks)
            self._place()
            (self._through_filter if number % 3 == 0 else self._through_controller)(length)
            self.figures.ticks, number = self.figures.ticks + length, number + 1
        self._arm.close()
        return self.figures

    def _place(self) -> None:
        """Put the arm at rest somewhere inside all limits, elbow and tilt included."""
        while True:
            q, space = np.array(self._robot.home), self._robot.workspace
            q = q + self._rng.normal(0.0, 0.3, len(q))
            quaternion = self._twin.tcp_pose(np.array(self._robot.home)).quaternion + self._rng.normal(0.0, 0.08, 4)
            target = Pose(self._rng.uniform(space.lower, space.upper), quaternion / np.linalg.norm(quaternion))
            try:
                for _ in range(40):
                    q = q + self._ik.solve(q, target, 0.05) * 0.05
            except Infeasible:
                continue
            self._arm.place(q)
            if self._truth.inside(ROOM):
                self._truth.begin()
                return

    def _through_controller(self, ticks: int) -> None:
        config = SafetyNodeConfig(lockstep=bool(self._rng.integers(2)))
        controller = SafetyController(config, self._told)
        adversary = Adversary(controller, ActionMap(self._robot).spec.size, self._rng)
        now_ns, period = 1_000_000_000, round(1.0 / config.rate_hz / self._dt)
        controller.on_state(now_ns, self._arm.joint_positions)
        for tick in range(ticks):
            now_ns += round(self._dt * 1e9)
            adversary.state(now_ns, self._arm.joint_positions, self._arm.joint_efforts)
            if tick % period == 0:
                adversary.act(now_ns)
            begin = time.perf_counter()
            command = controller.tick(now_ns)
            self.figures.seconds.append(time.perf_counter() - begin)
            if command is not None:
                self._advance(command.q, command.opening)
        self.figures.reasons.update({reason.name: count for reason, count in controller.counts.items()})

    def _through_filter(self, ticks: int) -> None:
        filter_ = SafetyFilter(self._told, self._twin)
        filter_.start_at(self._arm.joint_positions)
        limits, gripper = self._robot.limits, self._robot.gripper
        goal, velocity = filter_.q, np.zeros(3)
        quaternion, how = filter_.tcp.quaternion, 0
        for tick in range(ticks):
            if tick % 10 == 0:
                how = int(self._rng.integers(5))
                goal = self._rng.uniform(limits.position_lower, limits.position_upper)
                goal = goal * self._rng.choice([1.0, 1.0, 1.0, 1e6, np.nan])
                velocity = self._rng.normal(0.0, 10.0 ** self._rng.uniform(-1, 3), 3)
                quaternion = self._rng.normal(size=4)
                quaternion /= np.linalg.norm(quaternion)
            filter_.measured, filter_.effort = self._arm.joint_positions, self._arm.joint_efforts
            begin = time.perf_counter()
            if how < 2:
                motion = filter_.follow_joints(goal, self._dt)
            elif how < 4:
                motion = filter_.follow_tcp(velocity, quaternion, self._dt)
            else:
                motion = filter_.hold(self._dt)
            self.figures.seconds.append(time.perf_counter() - begin)
            self.figures.reasons.update(reason.name for reason in motion.reasons)
            self._advance(motion.q, gripper.open if self._rng.random() < 0.5 else gripper.closed)

    def _advance(self, q: np.ndarray, opening: float) -> None:
        self._arm.command(q, opening)
        step = self._arm.model.opt.timestep
        for _ in range(round(self._dt / step)):
            self._arm.advance(step)
            self._truth.look()
        self._truth.check(q)


def attack(robot: str, ticks: int, seed: int) -> Figures:
    """`ticks` ticks against `robot` in this process."""
    return Attack(load_robot(robot), seed).run(ticks)


def attack_in_processes(robot: str, ticks: int, processes: int, seed: int) -> dict[str, Any]:
    """Figures of `ticks` ticks split over `processes` processes."""
    begin = time.monotonic()
    shares = [ticks // processes + (number < ticks % processes) for number in range(processes)]
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        runs = [pool.submit(attack, robot, share, seed + number) for number, share in enumerate(shares) if share]
        figures = merged([run.result() for run in runs])
    return {**figures, "wall_s": round(time.monotonic() - begin, 1)}


def merged(parts: list[Figures]) -> dict[str, Any]:
    """Figures of all processes as one JSON object."""
    verdict, reasons = Verdict(), Counter[str]()
    for part in parts:
        verdict.merge(part.verdict)
        reasons.update(part.reasons)
    times = np.concatenate([part.seconds for part in parts]) * 1e3
    return {
        "ticks": sum(part.ticks for part in parts),
        "violations": {kind: verdict.violations[kind] for kind in TOLERANCES},
        "unplanned_contacts": verdict.unplanned_contacts,
        "worst_excess": {kind: round(value, 5) for kind, value in verdict.worst.items()},
        "tolerances": TOLERANCES,
        "filter_p50_ms": round(float(np.percentile(times, 50)), 3),
        "filter_p99_ms": round(float(np.percentile(times, 99)), 3),
        "filter_mean_ms": round(float(times.mean()), 3),
        "reasons": dict(sorted(reasons.items())),
    }


def benign_figures(runs: dict[str, Benign]) -> dict[str, Any]:
    """How much of the experts' motions was altered, in all and by task."""
    ticks, altered = (sum(getattr(run, name) for run in runs.values()) for name in ("ticks", "altered_ticks"))
    return {
        "benign_altered_fraction": round(altered / max(ticks, 1), 5),
        "benign": {task: {**vars(run), "reasons": dict(run.reasons)} for task, run in runs.items()},
    }
