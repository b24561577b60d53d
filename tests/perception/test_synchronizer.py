"""The synchroniser never gives an old frame, and says which source is to blame."""

import numpy as np
import pytest

from robot_rl.core.errors import SchemaError
from robot_rl.core.spec import ObservationSpec
from robot_rl.perception.synchronizer import Absence, Missing, Synchronizer

SPEC = ObservationSpec(("wrist", "front"), 4, 4, ("a", "b"))
MS = 1_000_000


def image(value: int = 0) -> np.ndarray:
    return np.full((4, 4, 3), value, np.uint8)


def filled(stamp: int = 1000 * MS) -> Synchronizer:
    sync = Synchronizer(SPEC, max_age_s=0.1)
    sync.add_image("wrist", stamp, image(1))
    sync.add_image("front", stamp, image(2))
    sync.add_proprio(stamp, np.array([1.0, 2.0]))
    return sync


def test_joins_the_newest_of_each_source_with_its_age() -> None:
    sync = filled()
    sync.add_image("front", 1020 * MS, image(3))
    seen = sync.observe(1050 * MS)
    assert not isinstance(seen, Missing)
    assert seen.images["front"][0, 0, 0] == 3
    assert seen.ages == pytest.approx((0.05, 0.03, 0.05))


def test_an_older_frame_that_arrives_late_does_not_replace_a_newer_one() -> None:
    sync = filled()
    sync.add_image("front", 990 * MS, image(9))
    seen = sync.observe(1000 * MS)
    assert not isinstance(seen, Missing) and seen.images["front"][0, 0, 0] == 2


@pytest.mark.parametrize(
    ("now", "absence"), [(1101 * MS, Absence.STALE), (950 * MS, Absence.FUTURE)], ids=["stale", "future"]
)
def test_a_source_out_of_time_gives_no_observation_and_is_counted(now: int, absence: Absence) -> None:
    sync = filled()
    seen = sync.observe(now)
    assert isinstance(seen, Missing) and seen.absence is absence and seen.source == "wrist"
    assert sync.counts["wrist", absence] == 1


def test_a_missing_source_gives_no_observation() -> None:
    sync = Synchronizer(SPEC, 0.1)
    sync.add_image("wrist", 0, image())
    seen = sync.observe(0)
    assert isinstance(seen, Missing) and (seen.source, seen.absence) == ("front", Absence.MISSING)
    assert "front" in str(seen)


def test_a_source_beside_the_observation_prevents_it_when_silent_and_has_no_age_in_it() -> None:
    sync = Synchronizer(SPEC, 0.1, beside=("reward",))
    for camera in SPEC.cameras:
        sync.add_image(camera, 1000 * MS, image())
    sync.add_proprio(1000 * MS, np.array([1.0, 2.0]))
    missing = sync.missing(1000 * MS)
    assert missing is not None and (missing.source, missing.absence) == ("reward", Absence.MISSING)
    assert not sync.counts, "asking is not counting"
    sync.heard("reward", 980 * MS)
    sync.heard("reward", 950 * MS)
    seen = sync.observe(1050 * MS)
    assert not isinstance(seen, Missing) and len(seen.ages) == 3
    late = sync.observe(1090 * MS)
    assert isinstance(late, Missing) and (late.source, late.absence) == ("reward", Absence.STALE)


def test_a_frame_of_another_shape_is_refused() -> None:
    with pytest.raises(SchemaError, match="wrist"):
        Synchronizer(SPEC, 0.1).add_image("wrist", 0, np.zeros((8, 8, 3), np.uint8))


def test_proprio_that_is_not_finite_is_refused() -> None:
    with pytest.raises(SchemaError, match="finite"):
        Synchronizer(SPEC, 0.1).add_proprio(0, np.array([np.nan, 1.0]))


def test_common_stamp_is_there_only_when_all_sources_share_it() -> None:
    sync = filled(5 * MS)
    assert sync.common_stamp() == 5 * MS
    sync.add_proprio(6 * MS, np.zeros(2))
    assert sync.common_stamp() is None
