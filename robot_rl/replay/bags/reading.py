"""Reads a bag: a rosbag2 folder, or a single .mcap or .db3 file."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Collection, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from rosbags.interfaces import Connection
from rosbags.rosbag2 import Reader
from rosbags.serde import SerdeError

from robot_rl.core import wire
from robot_rl.core.errors import RobotRLError, SchemaError, UsageError
from robot_rl.replay.bags.messages import typestore

MENDING = "for a bag that was cut off try `ros2 bag reindex` or `mcap recover`"

SPARE_BYTES = 32


class Message(NamedTuple):
    """One recorded message: its topic and type, when it was recorded [ns], and its serialised form."""

    topic: str
    kind: str
    time_ns: int
    data: bytes

    def decode(self) -> Any:
        """The message as an object; SchemaError where the data is no such message."""
        encoding, definition = self.data[:2], typestore().get_msgdef(self.kind)
        try:
            if len(self.data) < 4 or encoding not in (b"\0\0", b"\0\1"):
                raise ValueError("no CDR")
            read = definition.deserialize_cdr_le if encoding[1] else definition.deserialize_cdr_be
            message, end = read(self.data[4:], 0, definition.cls, typestore())
            # rclpy.serialize_message, with which scripts write bags, leaves spare bytes behind; rosbags' own check
            # takes them for damage.
            if end + 4 + SPARE_BYTES < len(self.data):
                raise ValueError(f"{len(self.data) - end - 4} bytes too long")
        except (ValueError, IndexError, AssertionError, struct.error, SerdeError) as error:
            reason = str(error) or type(error).__name__
            raise SchemaError(f"a message on '{self.topic}' is no {self.kind} ({reason}): restore the bag.") from None
        return message

    def stamp_ns(self) -> int:
        """The stamp [ns] of a message that starts with a Header, without decoding the rest; 0 where none was set."""
        order = "<" if self.data[1:2] == b"\x01" else ">"
        try:
            return wire.join_time(*struct.unpack_from(f"{order}iI", self.data, 4))
        except struct.error:
            raise SchemaError(f"a message on '{self.topic}' is no {self.kind} (too short): restore the bag.") from None


class BagReader:
    """Topics and messages of a bag. Errors of the file are one sentence."""

    def __init__(self, path: Path | str) -> None:
        """Open the bag at `path`; UsageError where there is none, or it is damaged or something else."""
        self.path = Path(path)
        if not self.path.exists():
            raise UsageError(f"there is no bag '{path}': check the path.")
        try:
            self._reader = Reader(self.path)
            self._reader.open()
        except Exception as error:  # each storage has its own errors, none of which tells damaged from foreign
            raise UsageError(f"'{path}' is no whole rosbag2 bag ({_reason(error)}): {MENDING}.") from error

    @property
    def start_ns(self) -> int:
        """Time of the first message [ns]."""
        return self._reader.start_time

    @property
    def topics(self) -> dict[str, str]:
        """Topic -> message type."""
        return {connection.topic: connection.msgtype for connection in self._reader.connections}

    def count(self, topics: Collection[str]) -> int:
        """Number of messages on `topics`."""
        return sum(connection.msgcount for connection in self._connections(topics))

    def find(self, name: str, kinds: Collection[str]) -> str | None:
        """The topic called `name`, in any namespace, with a message type of `kinds`; None where there is none.

        UsageError where several would do.
        """
        ending = "/" + name.strip("/")
        known = [topic for topic, kind in self.topics.items() if kind in kinds]
        found = [topic for topic in known if topic == name] or [t for t in known if ("/" + t).endswith(ending)]
        if len(found) > 1:
            raise UsageError(f"bag '{self.path}' has several topics '{name}': name one of {', '.join(sorted(found))}.")
        return found[0] if found else None

    def require(self, name: str, kinds: Collection[str], what: str) -> str:
        """As `find`, but UsageError naming what is missing and what the bag has instead."""
        topic = self.find(name, kinds)
        if topic is None:
            has = ", ".join(f"{topic} ({kind})" for topic, kind in sorted(self.topics.items())) or "no topic"
            raise UsageError(
                f"bag '{self.path}' has no topic '{name}' of {' or '.join(kinds)} for {what}; it has {has}: name one."
            )
        return topic

    def messages(self, topics: Collection[str]) -> Iterator[Message]:
        """Messages on `topics` in the order in which they were recorded; RobotRLError where the bag is damaged."""
        connections = self._connections(topics)
        found = iter(self._reader.messages(connections) if connections else ())
        for number in itertools.count():
            try:
                connection, time_ns, data = next(found)
            except StopIteration:
                break
            except Exception as error:  # as in __init__
                raise self._damaged(number, _reason(error)) from error
            yield Message(connection.topic, connection.msgtype, time_ns, data)
        # Zeros within an mcap file read as empty records: only the count shows that messages are gone.
        if number < self.count(topics):
            raise self._damaged(number, f"it should have {self.count(topics)}")

    def _damaged(self, number: int, reason: str) -> RobotRLError:
        return RobotRLError(
            f"bag '{self.path}' is damaged: of the messages asked for, {number} can be read ({reason}); what was "
            "imported stays; restore the bag from a copy."
        )

    def close(self) -> None:
        """Close the files; a second call does nothing."""
        if self._reader.is_open:
            self._reader.close()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()

    def _connections(self, topics: Collection[str]) -> list[Connection]:
        return [connection for connection in self._reader.connections if connection.topic in topics]


def _reason(error: Exception) -> str:
    return str(error).rstrip(".") or type(error).__name__
