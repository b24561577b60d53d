"""Writes a bag that is there whole or not at all."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, get_args

from rosbags.interfaces import Connection, Qos, QosDurability, QosHistory, QosLiveliness, QosReliability, QosTime
from rosbags.rosbag2 import StoragePlugin, Writer, WriterError

from robot_rl.core.errors import RobotRLError, UsageError
from robot_rl.replay.bags.messages import typestore

Storage = Literal["mcap", "sqlite3"]
STORAGES: tuple[Storage, ...] = get_args(Storage)
SINGLE_FILE: dict[str, Storage] = {".mcap": "mcap", ".db3": "sqlite3"}
"""Suffixes of an output that is one file instead of a folder with metadata.yaml, and their storage."""
VERSION: Literal[9] = 9
_FOREVER = QosTime(9223372036, 854775807)


def storage_of(out: Path, storage: Storage | None) -> Storage:
    """The storage to write `out` with: as asked, as its suffix says, else mcap; UsageError where both disagree."""
    implied = SINGLE_FILE.get(out.suffix)
    if storage and implied and storage != implied:
        raise UsageError(f"'{out}' is a name for storage '{implied}', not '{storage}': leave out one of them.")
    return storage or implied or "mcap"


def reliable(depth: int, *, latched: bool = False) -> Qos:
    """The quality of service that a topic is played back with."""
    durability = QosDurability.TRANSIENT_LOCAL if latched else QosDurability.VOLATILE
    kept, trusted, alive = QosHistory.KEEP_LAST, QosReliability.RELIABLE, QosLiveliness.AUTOMATIC
    return Qos(kept, depth, trusted, durability, _FOREVER, _FOREVER, alive, _FOREVER, False)


class BagWriter:
    """Topics and messages of a bag being written."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._topics: dict[str, Connection] = {}

    def add_topic(self, topic: str, kind: str, qos: Qos) -> None:
        """Declare a topic of message type `kind` ('sensor_msgs/msg/Image')."""
        self._topics[topic] = self._writer.add_connection(
            topic, kind, typestore=typestore(), offered_qos_profiles=[qos]
        )

    def write(self, topic: str, time_ns: int, message: object) -> None:
        """Write a message of a declared topic, as recorded at `time_ns`."""
        connection = self._topics[topic]
        self._writer.write(connection, time_ns, typestore().serialize_cdr(message, connection.msgtype))


@contextlib.contextmanager
def writing(out: Path, storage: Storage) -> Iterator[BagWriter]:
    """Write a bag into a folder beside `out`, which takes the name `out` once it is whole and goes on any error.

    UsageError where `out` exists, RobotRLError where the disk refuses.
    """
    if out.exists() or out.is_symlink():
        raise UsageError(f"'{out}' exists: give another path or remove it.")
    draft = out.parent / f".{out.name}.{os.getpid()}.new"
    single = out.suffix in SINGLE_FILE
    bag = draft / (out.stem if single else out.name)
    try:
        draft.mkdir(parents=True)
        with Writer(bag, version=VERSION, storage_plugin=StoragePlugin[storage.upper()]) as writer:
            yield BagWriter(writer)
        (bag / out.name if single else bag).rename(out)
    except (OSError, sqlite3.Error, WriterError) as error:
        reason = getattr(error, "strerror", None) or error
        raise RobotRLError(f"cannot write bag '{out}' ({reason}): free space or give another path.") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
