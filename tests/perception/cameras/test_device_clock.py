"""A device's clock on the node's."""

from hypothesis import given
from hypothesis import strategies as st

from robot_rl.perception.cameras.device_clock import DeviceClock

MS, S = 1_000_000, 1_000_000_000
PERIOD = 33 * MS
DELAYS = st.lists(st.integers(1 * MS, 80 * MS), min_size=1, max_size=200)


def stamps(delays: list[int], drift: float = 0.0, offset: int = 7 * S) -> list[tuple[int, int, int]]:
    """Stamp, true time and arrival of each frame, for a device clock that is off and drifts."""
    clock, found, arrival = DeviceClock(), [], 0
    for n, delay in enumerate(delays):
        true = 1000 * S + n * PERIOD
        arrival = max(arrival + 1, true + delay)  # frames do not overtake each other
        found.append((clock.stamp(round(true * (1.0 + drift)) - offset, arrival), true, arrival))
    return found


@given(DELAYS)
def test_stamps_are_never_later_than_the_arrival_and_always_grow(delays: list[int]) -> None:
    found = stamps(delays)
    assert all(stamp <= arrival for stamp, _, arrival in found)
    assert all(b[0] > a[0] for a, b in zip(found, found[1:], strict=False))


@given(DELAYS)
def test_jitter_ends_with_the_quickest_transfer(delays: list[int]) -> None:
    settled = stamps([min(delays)] * 5 + delays)[5:]
    assert all(stamp - true == min(delays) for stamp, true, _ in settled)


def test_a_drift_of_50_ppm_is_followed_within_a_millisecond() -> None:
    delays = [2 * MS + (n * 7919 % 13) * MS for n in range(4000)]
    for drift in (50e-6, -50e-6):
        errors = [stamp - true - 2 * MS for stamp, true, _ in stamps(delays, drift)[40:]]
        assert max(map(abs, errors)) < 2 * MS
        assert max(map(abs, errors[-300:])) < 2 * MS


def test_a_clock_that_was_reset_is_learned_anew() -> None:
    clock = DeviceClock()
    assert clock.offset_ns is None
    assert clock.stamp(5 * S, 100 * S) == 100 * S
    assert clock.stamp(1 * MS, 101 * S) == 101 * S
    assert clock.stamp(2 * MS, 101 * S + 4 * MS) == 101 * S + 1 * MS
