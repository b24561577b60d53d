"""The store's format: a zarr v3 group with one array per record field, plus `checksum` and `commit`.

Arrays grow along their first dimension, one row a step. Every chunk is a file of its own that holds whole rows in C
order, so it can be written in place and memory mapped. Image chunks carry the `blosc` codec: a hot chunk is a blosc
frame of stored bytes (a 16-byte header, then the raw rows), which any zarr reader decodes and which `compact` replaces
by a compressed frame of the same rows once it is full. All other arrays have the `bytes` codec alone.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from robot_rl.config.loader import load, to_plain
from robot_rl.core.errors import SchemaError, UsageError
from robot_rl.core.record import FIELDS, SCHEMA, StepSpec

FORMAT = "robot_rl/replay/1"
CHECKSUM = "checksum"
COMMIT = "commit"
METADATA = "zarr.json"
FRAME_STRUCT = struct.Struct("<BBBBIII")
"""Header of a blosc frame: version, codec version, flags, typesize, bytes of the rows, of a block, of the frame."""
FRAME_HEADER = FRAME_STRUCT.size
IMAGE_CHUNK_BYTES = 8 << 20
SCALAR_CHUNK_ROWS = 16384


@dataclass(frozen=True)
class Column:
    """One array of the store: values of `dtype` and `shape` per row, `rows` rows a chunk file."""

    name: str
    dtype: np.dtype
    shape: tuple[int, ...]
    rows: int
    framed: bool
    names: tuple[str, ...] = ()

    @property
    def row_bytes(self) -> int:
        """Bytes of one row."""
        return prod(self.shape) * self.dtype.itemsize

    @property
    def header(self) -> bytes:
        """What a chunk file starts with, before its rows: a blosc header that says 'stored' on image chunks."""
        if not self.framed:
            return b""
        size = self.rows * self.row_bytes
        version, codec_version, stored = 2, 1, 0x02
        return FRAME_STRUCT.pack(version, codec_version, stored, 1, size, size, size + FRAME_HEADER)

    @property
    def chunk_bytes(self) -> int:
        """Bytes of an uncompressed chunk file, header included."""
        return len(self.header) + self.rows * self.row_bytes

    def chunk_path(self, store: Path, chunk: int) -> Path:
        """File of chunk number `chunk`."""
        return store / self.name / ".".join(["c", str(chunk), *("0" for _ in self.shape)])

    def metadata(self, length: int) -> dict[str, Any]:
        """The array's zarr.json when it has `length` rows."""
        key = "image_<camera>" if self.framed else self.name
        attributes: dict[str, Any] = {"description": FIELDS.get(key, "crc32 of the row's packed record")}
        if self.names:
            attributes["names"] = list(self.names)
        codec: dict[str, Any] = {"name": "bytes"}
        if self.dtype.itemsize > 1:
            codec["configuration"] = {"endian": "little"}
        return _array((length, *self.shape), (self.rows, *self.shape), self.dtype, [codec, *self._blosc()], attributes)

    def _blosc(self) -> list[dict[str, Any]]:
        options = {"typesize": 1, "cname": "zstd", "clevel": 5, "shuffle": "noshuffle", "blocksize": 0}
        return [{"name": "blosc", "configuration": options}] if self.framed else []


@dataclass(frozen=True)
class Layout:
    """What a store holds and how it is cut into chunks: `image_rows` and `rows` per chunk of images and the rest."""

    spec: StepSpec
    meta: Mapping[str, str]
    image_rows: int
    rows: int

    @staticmethod
    def plan(spec: StepSpec, meta: Mapping[str, str], chunk_rows: tuple[int, int] | None = None) -> Layout:
        """Layout of a new store: image chunks of at most 8 MiB, or `chunk_rows` = (images, the rest)."""
        image = prod(spec.observation.image_shape)
        rows = 1 << max(IMAGE_CHUNK_BYTES // image, 1).bit_length() - 1
        planned = chunk_rows or (min(rows, SCALAR_CHUNK_ROWS), SCALAR_CHUNK_ROWS)
        return Layout(spec, dict(meta), *planned)

    @property
    def columns(self) -> tuple[Column, ...]:
        """One column per record field in the record's order, then the checksum."""
        dtype, spec = self.spec.dtype, self.spec
        names = {"age": spec.sources, "action": spec.action.names, "proposed": spec.action.names}
        names["proprio"] = spec.observation.proprio
        found = []
        for name in dtype.names or ():
            base, shape = dtype[name].base, dtype[name].shape
            framed = name.startswith("image_")
            found.append(
                Column(name, base, shape, self.image_rows if framed else self.rows, framed, names.get(name, ()))
            )
        return (*found, Column(CHECKSUM, np.dtype("<u4"), (), self.rows, False))

    @property
    def step(self) -> int:
        """Rows by which all arrays grow at once."""
        return max(self.rows, self.image_rows)

    def metadata(self) -> dict[str, Any]:
        """The group's zarr.json."""
        attributes = {
            "format": FORMAT,
            "step": SCHEMA,
            "spec": to_plain(self.spec),
            "meta": dict(self.meta),
            "chunk_rows": [self.image_rows, self.rows],
        }
        return {"zarr_format": 3, "node_type": "group", "attributes": {"robot_rl": attributes}}

    @staticmethod
    def read(store: Path) -> Layout:
        """Layout of an existing store; UsageError if there is none, SchemaError if it is of another version."""
        try:
            document = json.loads((store / METADATA).read_text())
            attributes = document["attributes"]["robot_rl"]
            image_rows, rows = (_positive(count) for count in attributes["chunk_rows"])
        except OSError:
            raise UsageError(f"'{store}' holds no replay store (no {METADATA}): check the path.") from None
        except ValueError:
            raise SchemaError(f"'{store / METADATA}' is damaged: restore it from a copy of the store.") from None
        except (KeyError, TypeError):
            raise SchemaError(f"'{store}' is not a replay store of robot_rl: check the path.") from None
        for key, known in (("format", FORMAT), ("step", SCHEMA)):
            if attributes.get(key) != known:
                raise SchemaError(f"'{store}' has {key} '{attributes.get(key)}', this version reads '{known}'.")
        return Layout(load(StepSpec, attributes["spec"], f"'{store}'"), attributes["meta"], image_rows, rows)

    def require(self, spec: StepSpec, meta: Mapping[str, str], store: Path) -> None:
        """Raise SchemaError naming the first thing in which `spec` or `meta` differs from this store's."""
        ours, theirs = _flat(self.spec, self.meta), _flat(spec, meta)
        for key in theirs:
            if key in ours and ours[key] != theirs[key]:
                raise SchemaError(
                    f"replay store '{store}' has {key} {ours[key]!r}, this run has {theirs[key]!r}: "
                    "use another store or run name."
                )


def commit_metadata() -> dict[str, Any]:
    """zarr.json of the `commit` array: two slots of (committed rows, check)."""
    text = {"description": "committed rows and their check, in two slots: the larger valid one counts"}
    codec = {"name": "bytes", "configuration": {"endian": "little"}}
    return _array((2, 2), (2, 2), np.dtype("<u8"), [codec], text)


def read_length(store: Path, column: Column) -> int:
    """Rows that the array's zarr.json says it has; 0 if that is damaged: the writer knows what belongs in it."""
    try:
        return int(json.loads((store / column.name / METADATA).read_text())["shape"][0])
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return 0


def _positive(count: Any) -> int:
    if not isinstance(count, int) or count < 1:
        raise ValueError(f"{count!r} is no number of rows")
    return count


def _flat(spec: StepSpec, meta: Mapping[str, str]) -> dict[str, Any]:
    obs = spec.observation
    return {
        **meta,
        "cameras": list(obs.cameras),
        "image size": [obs.image_height, obs.image_width],
        "proprio": list(obs.proprio),
        "action": list(spec.action.names),
    }


def _array(
    shape: tuple[int, ...],
    chunk: tuple[int, ...],
    dtype: np.dtype,
    codecs: list[dict[str, Any]],
    attributes: dict[str, Any],
) -> dict[str, Any]:
    return {
        "zarr_format": 3,
        "node_type": "array",
        "shape": list(shape),
        "data_type": dtype.name,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": list(chunk)}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "."}},
        "fill_value": 0,
        "codecs": codecs,
        "attributes": attributes,
    }
