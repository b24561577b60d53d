"""The step stream over real DDS while its ends are killed and the disk is full: every step once, in order.

ROBOT_RL_KILLS is the number of kills. The middleware takes up to three seconds to find a process that has come back,
hence several streams are killed side by side, each in a ROS domain of its own.
"""

import os
import random
import resource
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

KILLS = int(os.environ.get("ROBOT_RL_KILLS", "50"))
STREAMS = 5
RUN = 7
SOON_S, LONG_S = 0.2, 4.0
pytestmark = pytest.mark.timeout(200 + 3 * KILLS)


def side_by_side(streams: list, kills: int, prepare: Callable, kill: Callable, clean: Callable[[], None]) -> list:
    """Call `kill(stream, state, chance)` `kills` times in all; `state` is what `prepare(stream)` gave, and returned."""

    def live(number: int) -> object:
        chance, state = random.Random(number), prepare(streams[number])
        for count in range(number, kills, len(streams)):
            kill(streams[number], state, chance)
            if count % 20 == 0:
                clean()
        return state

    with ThreadPoolExecutor(len(streams)) as pool:
        return list(pool.map(live, range(len(streams))))


def test_a_recorder_killed_at_any_instant_loses_nothing(streams: Callable, clean_shared_memory: Callable) -> None:
    def kill(stream, publisher: int, chance: random.Random) -> None:
        """Kill a recorder within its first seconds, or shortly after it has begun to catch up."""
        before, recorder = stream.committed, stream.record()
        stream.wait_for(lambda: stream.committed > before, chance.uniform(0.0, LONG_S))
        time.sleep(chance.uniform(0.0, SOON_S))
        announced = stream.notes(RUN)[1]
        assert stream.zygote.end(recorder) == -signal.SIGKILL
        assert stream.committed >= max(announced, before)

    def prepare(stream) -> int:
        return stream.publish(RUN, 200)

    began, made = time.monotonic(), streams(STREAMS)
    publishers = side_by_side(made, KILLS, prepare, kill, clean_shared_memory)
    recorders = [stream.record() for stream in made]
    for stream, publisher, recorder in zip(made, publishers, recorders, strict=True):
        assert stream.zygote.end(publisher, signal.SIGINT) == 0
        assert stream.zygote.end(recorder, signal.SIGINT) == 0
        sent, announced, _ = stream.notes(RUN)
        assert sent == announced > 100
        stream.check({RUN: sent})
    sent, _, waits = map(sum, zip(*(stream.notes(RUN) for stream in made), strict=True))
    print(f"{KILLS} recorders killed, {sent} steps, {waits} waits for them, {time.monotonic() - began:.0f} s")


def test_what_a_publisher_has_sent_arrives_though_it_is_killed(
    streams: Callable, clean_shared_memory: Callable
) -> None:
    def kill(stream, sent: dict[int, int], chance: random.Random) -> None:
        run_id = len(sent) + 1
        publisher = stream.publish(run_id, 400)
        assert stream.wait_for(lambda: stream.notes(run_id)[0] > 0)
        time.sleep(chance.uniform(0.0, SOON_S))
        assert stream.zygote.end(publisher) == -signal.SIGKILL
        sent[run_id] = stream.notes(run_id)[0]

    def prepare(stream) -> dict[int, int]:
        recorders.append(stream.record())
        return {}

    began, made, recorders, kills = time.monotonic(), streams(STREAMS), list[int](), max(KILLS // 10, STREAMS)
    every = side_by_side(made, kills, prepare, kill, clean_shared_memory)
    time.sleep(0.5)
    for recorder in recorders:
        assert made[0].zygote.end(recorder, signal.SIGINT) == 0
    for stream, sent in zip(made, every, strict=True):
        stream.check(sent, spare=1)  # killed after it was published, before it was noted
    steps = sum(sum(sent.values()) for sent in every)
    print(f"{kills} publishers killed, {steps} steps, {time.monotonic() - began:.0f} s")


def test_a_full_disk_stops_episodes_and_costs_no_step(streams: Callable) -> None:
    """The kernel refuses the recorder every write for a while; what then waits is bounded."""
    (stream,) = streams(1)
    recorder, publisher = stream.record(), stream.publish(RUN, 500)
    assert stream.wait_for(lambda: stream.committed > 50)
    resource.prlimit(recorder, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    assert stream.wait_for(lambda: stream.notes(RUN)[2] > 0), "the publisher must come to wait for the disk"
    full, (sent, announced, _) = stream.committed, stream.notes(RUN)
    time.sleep(1.5)
    assert (stream.committed, stream.notes(RUN)[0]) == (full, sent) and announced <= full
    assert sent - full <= stream.lives["MAX_BACKLOG"] + stream.lives["LONGEST"]
    resource.prlimit(recorder, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert stream.wait_for(lambda: stream.notes(RUN)[0] > sent + 100), "it must go on once there is space"
    assert stream.zygote.end(publisher, signal.SIGINT) == 0
    assert stream.zygote.end(recorder, signal.SIGINT) == 0
    stream.check({RUN: stream.notes(RUN)[0]})
