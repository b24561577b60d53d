"""`robot-rl episode` against a policy node that the test plays."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
import rclpy
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.signals import SignalHandlerOptions
from std_srvs.srv import Trigger

from robot_rl.cli import person
from robot_rl.cli.main import main

pytestmark = pytest.mark.timeout(300)
NAMESPACE = "left"
VERBS = ("pause", "resume", "success", "failure", "start", "discard")


class Policy:
    """Grants every service of the namespace but `refused`."""

    def __init__(self, domain: int) -> None:
        self.asked: list[str] = []
        self.refused = ""
        self.context = Context()
        rclpy.init(context=self.context, domain_id=domain, signal_handler_options=SignalHandlerOptions.NO)
        self.node = rclpy.create_node("policy", namespace=NAMESPACE, context=self.context)
        for name in VERBS:
            self.node.create_service(Trigger, f"episode/{name}", self._service(name))
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._spin)
        self._thread.start()

    def _service(self, name: str) -> Callable[[Trigger.Request, Trigger.Response], Trigger.Response]:
        def answer(request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
            del request
            self.asked.append(name)
            response.success = name != self.refused
            response.message = f"the sentence about {name}"
            return response

        return answer

    def _spin(self) -> None:
        executor = SingleThreadedExecutor(context=self.context)
        executor.add_node(self.node)
        while not self._over.is_set():
            executor.spin_once(timeout_sec=0.1)

    def close(self) -> None:
        self._over.set()
        self._thread.join(30.0)
        self.node.destroy_node()
        rclpy.try_shutdown(context=self.context)


@pytest.fixture
def policy(free_domain: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Policy]:
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    policy = Policy(free_domain)
    yield policy
    policy.close()


def test_every_verb_is_asked_for_and_what_is_granted_or_not_is_said(
    policy: Policy, free_domain: int, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--domain", str(free_domain), "--namespace", NAMESPACE]
    policy.refused = "failure"
    for verb in VERBS:
        code = int(verb == policy.refused)
        assert main(["episode", verb, *words]) == code
        said = capsys.readouterr()
        assert f"the sentence about {verb}" in (said.err if code else said.out)
    assert policy.asked == list(VERBS)


def test_a_domain_without_a_graph_and_an_unknown_verb_are_one_sentence(
    free_domain: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(person, "ANSWER_S", 0.5)
    assert main(["episode", "pause", "--domain", str(free_domain)]) == 1
    assert "no policy node" in capsys.readouterr().err
    assert main(["episode", "jump"]) == 2
    assert "pause" in capsys.readouterr().err
