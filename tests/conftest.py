"""ROS domains of their own, processes that start in milliseconds, and no shared memory left behind."""

import contextlib
import faulthandler
import fcntl
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest

from robot_rl.graph import environment

hypothesis.settings.register_profile("untimed", hypothesis.settings(), deadline=None)
hypothesis.settings.load_profile("untimed")

SHARED = Path("/dev/shm")
ABANDONED_S = 10.0
"""Age at which a segment that nobody locks is taken for a dead process's: its owner makes it first, then locks it."""


STUCK_S = 600.0
"""Time for one phase of a test after which its worker prints the stacks of all its threads and ends."""
UNCAPTURED = pytest.StashKey[int]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[UNCAPTURED] = os.dup(2)


def _watched(item: pytest.Item) -> Iterator[None]:
    """End the worker where pytest's own limit cannot: in a wait in C, and in the clean-up after a failure."""
    faulthandler.dump_traceback_later(STUCK_S, exit=True, file=item.config.stash[UNCAPTURED])
    try:
        return (yield)
    finally:
        faulthandler.cancel_dump_traceback_later()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    return (yield from _watched(item))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    return (yield from _watched(item))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    return (yield from _watched(item))


@pytest.fixture(scope="module")
def free_domains() -> Iterator[Callable[[], int]]:
    """Take one ROS_DOMAIN_ID after the other that no other test uses while this module runs."""
    with contextlib.ExitStack() as held:
        numbers = iter(range(40, 99))

        def take() -> int:
            for domain in numbers:
                lock = (Path(tempfile.gettempdir()) / f"robot_rl_test_domain_{domain}.lock").open("w")
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError:
                    lock.close()
                    continue
                held.enter_context(lock)
                return domain
            raise RuntimeError("no free ROS domain for a test")

        yield take


@pytest.fixture(scope="module")
def free_domain(free_domains: Callable[[], int]) -> int:
    """A ROS_DOMAIN_ID that no other test uses while this module runs."""
    return free_domains()


class Zygote:
    """Starts, watches and kills the children of one zygote (tests/zygote.py); `said` is what they printed."""

    def __init__(self, file: Path) -> None:
        command = [sys.executable, str(Path(__file__).with_name("zygote.py")), str(file)]
        environ = {**environment.defaults(), **environment.ONE_THREAD, **os.environ}
        environ["PYTHONPATH"] = str(Path(__file__).parents[1])
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, env=environ, stdin=pipe, stdout=pipe, text=True, bufsize=1)
        self._lock = threading.Lock()
        self.said: list[str] = []

    def start(self, *arguments: object) -> int:
        """Fork a child and return its PID."""
        return int(self._ask(f"start {json.dumps(arguments)}", ("started",))[1])

    def code(self, pid: int) -> int | None:
        """Exit code of a child, None while it runs. Not to be asked again after a number."""
        answer = self._ask(f"poll {pid}", ("ended", "runs"))
        return int(answer[1]) if answer[0] == "ended" else None

    def end(self, pid: int, number: int = signal.SIGKILL, timeout_s: float = 60.0) -> int:
        """Send a signal to a child and return its exit code once it has ended."""
        os.kill(pid, number)
        deadline = time.monotonic() + timeout_s
        while (code := self.code(pid)) is None:
            assert time.monotonic() < deadline, f"process {pid} has not ended {timeout_s} s after signal {number}"
            time.sleep(0.002)
        return code

    def close(self) -> None:
        """End the zygote and all that it has started."""
        self._process.communicate(timeout=30)

    def _ask(self, request: str, answers: tuple[str, ...]) -> list[str]:
        assert self._process.stdin is not None and self._process.stdout is not None
        with self._lock:
            self._process.stdin.write(request + "\n")
            for line in self._process.stdout:
                if line.startswith(answers):
                    return line.split()
                self.said.append(line.strip())
        raise RuntimeError("the zygote has ended")


@pytest.fixture
def zygote() -> Iterator[Callable[[Path], Zygote]]:
    """Start a zygote of a file; it ends with the test, and so do its children."""
    started: list[Zygote] = []

    def start(file: Path) -> Zygote:
        started.append(Zygote(file))
        return started[-1]

    yield start
    for zygote in started:
        zygote.close()


@pytest.fixture
def clean_shared_memory() -> Iterator[Callable[[], None]]:
    """Remove the segments (16 MB each) that killed DDS processes leave behind: at the end, and when called."""
    before = set(SHARED.glob("fastrtps_*_el"))

    def clean() -> None:
        for lock in set(SHARED.glob("fastrtps_[0-9a-f]*_el")) - before:
            with contextlib.suppress(OSError), lock.open() as file:
                if time.time() - lock.stat().st_mtime > ABANDONED_S:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # its owner holds it while it lives
                    lock.with_name(lock.name.removesuffix("_el")).unlink()
                    lock.unlink()

    yield clean
    clean()
