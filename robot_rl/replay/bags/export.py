"""A replay store as a rosbag2 bag: its step records, what they are of, and topics that any viewer shows."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from robot_rl.core.errors import RobotRLError
from robot_rl.replay.bags.description import CHECKSUM, SUFFIX, Description
from robot_rl.replay.bags.messages import number_message, step_message, text_message
from robot_rl.replay.bags.plain_topics import PlainTopics
from robot_rl.replay.bags.writing import Storage, reliable, storage_of, writing
from robot_rl.replay.reader import ReplayReader

STEP = "/step"
STEP_DEPTH = 1000
BLOCK_BYTES = 16 << 20
PAUSE_NS = 1_000_000_000
"""What a row whose stamp lies before its predecessor's follows it by on the bag's own time line [ns]."""

Progress = Callable[[int, int], None]


def export_bag(
    store: Path | str,
    out: Path | str,
    *,
    storage: Storage | None = None,
    topics: bool = False,
    progress: Progress = lambda done, total: None,
) -> int:
    """Write all committed rows of `store` to the bag `out`, calling `progress(rows done, rows)`; return their number.

    `out` is a folder, or one file where it ends in .mcap or .db3. With `topics`, images, proprioception, executed
    actions and outcomes are written as ordinary messages as well. Raises UsageError where `out` exists, RobotRLError
    where a row is damaged or the disk refuses; no bag is left then.
    """
    reader, out = ReplayReader(store), Path(out)
    with writing(out, storage_of(out, storage)) as bag:
        bag.add_topic(STEP, "sensor_msgs/msg/PointCloud2", reliable(STEP_DEPTH, latched=True))
        bag.add_topic(STEP + SUFFIX, "std_msgs/msg/String", reliable(1, latched=True))
        bag.add_topic(STEP + CHECKSUM, "std_msgs/msg/UInt32", reliable(STEP_DEPTH, latched=True))
        plain = PlainTopics(reader.spec, bag) if topics else None
        line = TimeLine()
        description = text_message(Description(reader.spec, reader.meta).to_text())
        for record, check in _records(reader):
            row, time_ns = line.rows, line.place(int(record["stamp_ns"]))
            if row == 0:
                bag.write(STEP + SUFFIX, time_ns, description)
            bag.write(STEP, time_ns, step_message(record))
            bag.write(STEP + CHECKSUM, time_ns, number_message(check))
            if plain is not None:
                plain.write(record, time_ns)
            progress(row + 1, len(reader))
        if not line.rows:
            bag.write(STEP + SUFFIX, 0, description)
    return line.rows


class TimeLine:
    """Recording times of rows: their stamps, shifted where the clock went back (another run, a restarted simulator).

    Bags are read in the order of these times, which therefore grow from row to row.
    """

    def __init__(self) -> None:
        self.rows, self._shift, self._last = 0, 0, -1

    def place(self, stamp_ns: int) -> int:
        """Time [ns] of the next row."""
        if stamp_ns + self._shift <= self._last:
            self._shift = self._last + PAUSE_NS - stamp_ns
        self.rows, self._last = self.rows + 1, stamp_ns + self._shift
        return self._last


def _records(reader: ReplayReader) -> Iterator[tuple[np.ndarray, int]]:
    """All committed records in order, with their checksums; RobotRLError at the first that does not match."""
    size = max(BLOCK_BYTES // reader.spec.dtype.itemsize, 1)
    for start in range(0, len(reader), size):
        rows = np.arange(start, min(start + size, len(reader)))
        for row, record, check in zip(rows, reader.rows(rows), reader.checksums(rows), strict=True):
            if zlib.crc32(record.tobytes()) != check:
                raise RobotRLError(
                    f"row {row} of '{reader.path}' does not match its checksum: run `robot-rl replay verify` and "
                    "restore it from a copy of the store."
                )
            yield record, int(check)
