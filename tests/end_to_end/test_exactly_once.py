"""From policy to disk through the real nodes, while learner and policy end in every way: each step once, in order.

ROBOT_RL_OUTAGE_S is the time without a learner, to which its start comes.
"""

import os
import signal
import subprocess
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest
import rclpy
import yaml
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import PointCloud2

from robot_rl.cli.supervisor import node_command
from robot_rl.config.nodes import RigConfig
from robot_rl.graph import build
from robot_rl.graph.session import prepare
from robot_rl.nodes import convert, qos
from robot_rl.replay.reader import ReplayReader
from robot_rl.replay.verify import verify
from robot_rl.robot.spec import load_robot, step_spec

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(580)]
OUTAGE_S = float(os.environ.get("ROBOT_RL_OUTAGE_S", "4"))
NODES = ("safety", "sim", "reward", "proprio", "policy", "learner")
SETTINGS = {"policy": {"linger_s": 60.0}, "learner": {"learner": {"start_steps": 100_000}}}
Step = tuple[int, int, int]
"""run_id, sequence number, crc32."""


class Witness:
    """A third subscriber of `step`: what the policy nodes have published, and what they say of themselves."""

    def __init__(self, domain: int) -> None:
        self.steps: list[Step] = []
        self.last: np.ndarray | None = None
        self.policy: dict[str, str] = {}
        self._spec = step_spec(RigConfig(), load_robot(RigConfig().robot))
        self._context = Context()
        rclpy.init(context=self._context, domain_id=domain, signal_handler_options=SignalHandlerOptions.NO)
        self._node = rclpy.create_node("witness", context=self._context)
        self._node.create_subscription(PointCloud2, "step", self._on_step, qos.STEP)
        self._node.create_subscription(DiagnosticArray, "/diagnostics", self._on_diagnostics, qos.STREAM)
        executor = SingleThreadedExecutor(context=self._context)
        executor.add_node(self._node)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._spin, args=(executor,), daemon=True)
        self._thread.start()

    def _spin(self, executor: SingleThreadedExecutor) -> None:
        while not self._over.is_set():
            executor.spin_once(timeout_sec=0.1)

    def _on_step(self, msg: PointCloud2) -> None:
        record = convert.step_from_msg(msg, self._spec).copy()
        self.last = record
        self.steps.append((int(record["run_id"]), int(record["seq"]), zlib.crc32(record.tobytes())))

    def _on_diagnostics(self, msg: DiagnosticArray) -> None:
        for status in msg.status:
            if status.name == "policy: observations":
                self.policy = {pair.key: pair.value for pair in status.values}

    @property
    def acting(self) -> bool:
        """True in the middle of an episode."""
        return self.last is not None and self.last["index"] > 3 and not self.last["is_last"]

    def close(self) -> None:
        self._over.set()
        self._thread.join(30.0)
        self._node.destroy_node()
        rclpy.try_shutdown(context=self._context)


class LiveGraph:
    """The nodes of `learn` as processes that the test starts and ends one by one, and a witness."""

    def __init__(self, folder: Path, domain: int) -> None:
        (folder / "settings.yaml").write_text(yaml.safe_dump(SETTINGS))
        given = {"run": str(folder / "run"), "config": str(folder / "settings.yaml"), "domain": str(domain)}
        self.store, self._folder = folder / "run" / "replay.zarr", folder
        self._graph = build("learn", given)
        self._params = prepare(self._graph)
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.witness = Witness(domain)

    def start(self, name: str, *words: str) -> None:
        node = self._graph.node(name)
        command = [*node_command(self._graph, node, self._params[name]), *words]
        environ = {**os.environ, **self._graph.variables(node, os.environ)}
        with (self._folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(command, env=environ, stdout=log, stderr=log)

    def end(self, name: str, number: int) -> int:
        self.processes[name].send_signal(number)
        return self.processes[name].wait(120)

    def log(self, name: str) -> str:
        return (self._folder / f"{name}.log").read_text()

    def stored(self) -> list[Step]:
        reader = ReplayReader(self.store)
        rows = np.arange(len(reader))
        columns = (reader.take("run_id", rows), reader.take("seq", rows), reader.checksums(rows))
        return list(zip(*(column.tolist() for column in columns), strict=True))

    def wait_for(self, condition: Callable[[], bool], what: str, timeout_s: float = 120.0) -> None:
        deadline = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < deadline, f"never happened: {what}; policy: {self.witness.policy}"
            time.sleep(0.05)

    def check(self) -> None:
        """All that was published so far gets into the store: once, in order, each writer's steps without a gap."""
        published = set(self.witness.steps)
        self.wait_for(lambda: published <= set(self.stored()), "all that was published is in the store")
        stored = self.stored()
        assert len(set(stored)) == len(stored)
        runs = [(run, [seq for _, seq, _ in steps]) for run, steps in groupby(stored, key=lambda step: step[0])]
        assert len({run for run, _ in runs}) == len(runs), "the steps of two writers are mixed"
        assert all(numbers == list(range(len(numbers))) for _, numbers in runs)
        found = verify(self.store)
        assert (found.missing_steps, found.problems) == (0, ())

    def close(self) -> None:
        for process in self.processes.values():
            process.kill()
            process.wait()
        self.witness.close()


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory, free_domain: int) -> Iterator[LiveGraph]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
        graph = LiveGraph(tmp_path_factory.mktemp("once"), free_domain)
        for name in NODES:
            graph.start(name)
        yield graph
        graph.close()


def test_steps_wait_for_a_learner_that_was_killed_in_the_middle_of_an_episode(graph: LiveGraph) -> None:
    graph.wait_for(lambda: graph.witness.acting and len(graph.witness.steps) > 40, "an episode runs")
    graph.end("learner", signal.SIGKILL)
    before = len(graph.witness.steps)
    time.sleep(OUTAGE_S)
    graph.wait_for(lambda: len(graph.witness.steps) > before + 20, "the policy goes on")
    graph.start("learner")
    graph.check()
    graph.wait_for(lambda: int(graph.witness.policy["unwritten"]) < 20, "the policy is told so")


def test_all_that_a_killed_policy_has_published_is_stored(graph: LiveGraph) -> None:
    run = graph.witness.steps[-1][0]
    graph.wait_for(lambda: graph.witness.acting, "an episode runs")
    graph.end("policy", signal.SIGKILL)
    graph.check()
    graph.start("policy")
    graph.wait_for(lambda: graph.witness.steps[-1][0] != run, "the next policy acts")
    graph.check()


def test_an_interrupted_policy_stays_until_a_learner_has_written_its_steps(graph: LiveGraph) -> None:
    graph.wait_for(lambda: graph.witness.acting, "an episode runs")
    graph.end("learner", signal.SIGKILL)
    before = len(graph.witness.steps)
    graph.wait_for(lambda: len(graph.witness.steps) > before + 30 and graph.witness.acting, "steps without a learner")
    graph.processes["policy"].send_signal(signal.SIGINT)
    graph.wait_for(lambda: "steps are not yet on disk" in graph.log("policy"), "the policy says why it stays")
    assert graph.processes["policy"].poll() is None
    published = len(graph.witness.steps)
    graph.start("learner")
    assert graph.processes["policy"].wait(120) == 0
    graph.check()
    assert len(graph.witness.steps) == published == len(graph.stored()), "nothing is published that is not a step"
    graph.start("policy")
    graph.wait_for(lambda: len(graph.witness.steps) > published, "the next policy acts")


def test_a_learner_at_its_goal_takes_in_the_last_step(graph: LiveGraph) -> None:
    graph.wait_for(lambda: graph.witness.acting, "an episode runs")
    assert graph.end("learner", signal.SIGINT) == 0
    graph.start("learner", "-p", "learner.budget_s:=1.0")
    assert graph.processes["learner"].wait(120) == 0
    stored = len(graph.stored())
    time.sleep(0.5)
    assert len(graph.witness.steps) == stored, "no step is published that nobody writes"
    graph.check()
    assert graph.end("policy", signal.SIGINT) == 0 and "may be lost" not in graph.log("policy")
