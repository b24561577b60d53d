"""Offline observations are those that the running graph's synchronizer and step assembler would have made."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robot_rl.control.steps import StepAssembler
from robot_rl.core.observation import Observation
from robot_rl.core.outcome import Outcome
from robot_rl.core.record import Source, StepSpec
from robot_rl.core.spec import ObservationSpec
from robot_rl.perception.synchronizer import Missing, Synchronizer
from robot_rl.replay.bags.assemble import StepsOfRecording
from robot_rl.replay.bags.commanded import JointTargets
from robot_rl.replay.bags.recording import FOREVER, Recording
from robot_rl.replay.bags.series import Series
from robot_rl.replay.bags.ticks import plan_ticks
from robot_rl.robot.action_map import ActionMap
from robot_rl.robot.proprio import proprio_names
from robot_rl.robot.spec import load_robot
from robot_rl.robot.twin import KinematicTwin

MS = 1_000_000
ROBOT = load_robot("fr3_sim")
TWIN = KinematicTwin(ROBOT)
JOINTS = len(ROBOT.joints)
NONE = Series.of([])
stamps = st.lists(st.integers(0, 1500), min_size=2, max_size=25, unique=True).map(sorted)


def recording(cameras: dict[str, list[int]], joints: list[int], commands: list[int]) -> Recording:
    """Sources by their stamps [ms]; every value tells its place."""

    def series(times: list[int], width: int) -> Series:
        return Series.of([(t * MS, np.full(width, 1e-3 * k)) for k, t in enumerate(times)], (width,))

    return Recording(
        joints=series(joints, 2 * JOINTS + 1),
        frames={name: Series.of([(t * MS, k) for k, t in enumerate(times)]) for name, times in cameras.items()},
        motion=JointTargets(series(commands, JOINTS), TWIN),
        openings=NONE,
        outcomes=Series.of([], (3,)),
        successes=NONE,
        spans=((-FOREVER, FOREVER),),
        unusable=Counter(),
    )


@settings(max_examples=60)
@given(wrist=stamps, front=stamps, joints=stamps, max_age=st.integers(0, 400), rate=st.sampled_from([5.0, 10.0, 30.0]))
def test_ticks_see_what_the_synchronizer_sees(
    wrist: list[int], front: list[int], joints: list[int], max_age: int, rate: float
) -> None:
    cameras = {"wrist": wrist, "front": front}
    left_out: Counter[str] = Counter()
    ticks = plan_ticks(recording(cameras, joints, [-1]), rate, max_age / 1000, left_out)
    assert left_out.total() == (~ticks.usable).sum()
    sync = Synchronizer(ObservationSpec(("wrist", "front"), 1, 1, ("x",)), max_age / 1000)
    events: list[tuple[int, str, int]] = sorted(
        (t, name, k) for name, times in {**cameras, "proprio": joints}.items() for k, t in enumerate(times)
    )
    for number, stamp in enumerate(ticks.stamps):
        while events and events[0][0] * MS <= stamp:
            t, name, k = events.pop(0)
            if name == "proprio":
                sync.add_proprio(t * MS, np.array([k]))
            else:
                sync.add_image(name, t * MS, np.full((1, 1, 3), k, np.uint8))
        seen = sync.observe(int(stamp))
        assert ticks.usable[number] == (not isinstance(seen, Missing))
        if not isinstance(seen, Missing):
            assert ticks.ages[number] == pytest.approx(seen.ages)
            newest = {name: int(image[0, 0, 0]) for name, image in seen.images.items()}
            assert {name: int(ticks.frames[name][number]) for name in newest} == newest
            assert ticks.joints[number] == seen.proprio[0]
    if len(ticks.stamps):
        assert ticks.stamps[0] == max(wrist[0], front[0], joints[0]) * MS
        assert ticks.stamps[-1] <= min(wrist[-1], front[-1], joints[-1]) * MS


@settings(max_examples=30)
@given(
    missing=st.lists(st.booleans(), min_size=2, max_size=12),
    ends=st.lists(st.sampled_from([(0.0, 0.0)] * 6 + [(1.0, 1.0), (1.0, 0.0)]), min_size=12, max_size=12),
)
def test_records_are_those_of_the_step_assembler(missing: list[bool], ends: list[tuple[float, float]]) -> None:
    count = len(missing)
    times = [100 * k for k in range(count)]
    spec = StepSpec(ObservationSpec(("wrist",), 1, 1, proprio_names(ROBOT)), ActionMap(ROBOT).spec)
    recorded = recording({"wrist": times}, times, [-1, *times])
    ticks = plan_ticks(recorded, 10.0, 0.0, Counter())
    assert len(ticks.stamps) == count
    outcomes = np.array([(k + 0.5, *ends[k]) for k in range(count)])
    images = [None if missing[k] else {"wrist": np.full((1, 1, 3), k, np.uint8)} for k in range(count)]
    steps = StepsOfRecording(spec, recorded, ticks, TWIN, Source.HUMAN)
    found = list(steps.records(images, outcomes))
    assert packed(found) == packed(assembled(spec, recorded, ticks, images, outcomes, found))


def assembled(
    spec: StepSpec, recorded: Recording, ticks: Any, images: list[Any], outcomes: np.ndarray, found: list[np.ndarray]
) -> list[np.ndarray]:
    """What the step assembler makes of the same observations and of the actions that were `found`."""
    actions = {int(r["stamp_ns"]): (r["action"], float(r["latency"])) for r in found if not r["is_last"]}
    steps = StepAssembler(spec, int(found[0]["run_id"]) if found else 0)
    made: list[np.ndarray] = []
    for tick, image in enumerate(images):
        state = recorded.joints.values[ticks.joints[tick]]
        tcp = TWIN.tcp_pose(state[:JOINTS]).position
        proprio = np.concatenate([state[:-1], tcp, state[-1:]]).astype(np.float32)
        reward, success, terminated = outcomes[tick]
        seen = Observation(int(ticks.stamps[tick]), image or {}, proprio, tuple(ticks.ages[tick]))
        alone = image is not None and (tick + 1 == len(images) or images[tick + 1] is None or (success or terminated))
        if image is None or (not steps.open and alone):  # one observation makes no transition
            if steps.open:
                steps.cut()
        else:
            if not steps.open:
                steps.begin()
            steps.observe(seen, Outcome(reward, bool(success), bool(terminated)), None, 0)
            if success or terminated:
                steps.end()
            elif seen.stamp_ns in actions:
                action, latency = actions[seen.stamp_ns]
                steps.execute(seen.stamp_ns, action, Source.HUMAN, latency)
        made += steps.take()
        if image is not None and (success or terminated):
            break
    if steps.open:
        steps.cut()
        made += steps.take()
    return made


def packed(records: list[np.ndarray]) -> list[bytes]:
    """Records without the source of last observations, which have no action."""
    for record in records:
        record["source"] = 0 if record["is_last"] else record["source"]
    return [record.tobytes() for record in records]
