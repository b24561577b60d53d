"""The quality-of-service profiles of the graph, one name each."""

from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy

STEP_DEPTH = 1000
"""Steps that a learner which restarts can still receive."""


def _profile(depth: int, durability: DurabilityPolicy) -> QoSProfile:
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST,
        depth=depth,
        reliability=ReliabilityPolicy.RELIABLE,
        durability=durability,
    )


STREAM = _profile(5, DurabilityPolicy.VOLATILE)
"""Sensor-like streams: published reliable, so that reliable and best-effort subscribers both connect."""
COMMAND = _profile(1, DurabilityPolicy.VOLATILE)
"""Robot commands: only the newest matters."""
LATCHED = _profile(1, DurabilityPolicy.TRANSIENT_LOCAL)
"""State that a late joiner must know."""
ANYONE = QoSProfile(
    history=HistoryPolicy.KEEP_LAST,
    depth=5,
    reliability=ReliabilityPolicy.BEST_EFFORT,
    durability=DurabilityPolicy.VOLATILE,
)
"""For a subscriber that must hear every publisher, whatever its profile."""


def pictures(lockstep: bool) -> QoSProfile:
    """For the images of cameras: other people's drivers, which there are outside lockstep alone, send as they like."""
    return STREAM if lockstep else ANYONE


STEP = _profile(STEP_DEPTH, DurabilityPolicy.TRANSIENT_LOCAL)
"""The step stream, lossless within its depth."""
EVENTS = _profile(100, DurabilityPolicy.VOLATILE)
"""Things that happen once and must all arrive."""
