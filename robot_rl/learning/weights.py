"""Weights of an actor as they travel and rest: safetensors that say what they are and rebuild from that alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from robot_rl.config.learning import AgentConfig
from robot_rl.config.loader import load, to_plain
from robot_rl.core.errors import SchemaError, UsageError
from robot_rl.core.record import SCHEMA, StepSpec
from robot_rl.learning.algorithms import ALGORITHMS
from robot_rl.learning.checkpoint import KIND as CHECKPOINT
from robot_rl.learning.nested import under
from robot_rl.learning.tensor_file import dumps, kind_of, loads

KIND = "robot_rl/weights/1"


@dataclass(frozen=True)
class WeightsMeta:
    """What the weights are: `version` counts the updates behind them, 0 where untrained."""

    version: int
    algorithm: str
    config: AgentConfig
    spec: StepSpec


def describe(meta: WeightsMeta) -> dict[str, Any]:
    """`meta` as JSON can hold it."""
    return {
        "version": meta.version,
        "schema": SCHEMA,
        "algorithm": meta.algorithm,
        "config": to_plain(meta.config),
        "spec": to_plain(meta.spec),
    }


def pack(meta: WeightsMeta, tensors: Mapping[str, Tensor]) -> bytes:
    """Bytes of an actor's `tensors`, with metadata and checksum."""
    return dumps(KIND, tensors, describe(meta))


def of_file(data: bytes, where: str = "the weights") -> bytes:
    """Packed weights of a file's `data`, which holds weights, or a checkpoint: those that acted when it was written.

    SchemaError if a checkpoint is damaged, or of a version that did not say what acts; `unpack` judges the weights.
    """
    if kind_of(data) != CHECKPOINT:
        return data
    tensors, document = loads(CHECKPOINT, data, where)
    if "acting" not in document:
        raise SchemaError(f"{where} is a checkpoint of a version that did not say what acts: train again.")
    return dumps(KIND, under(tensors, "actor."), document["acting"])


def unpack(data: bytes, where: str = "the weights") -> tuple[WeightsMeta, dict[str, Tensor]]:
    """Metadata and tensors in `data`; SchemaError if truncated, damaged, foreign or for steps of another schema."""
    tensors, document = loads(KIND, bytes(data), where)
    if document.get("schema") != SCHEMA:
        raise SchemaError(f"{where} are for steps of schema '{document.get('schema')}', this version has '{SCHEMA}'.")
    try:
        meta = WeightsMeta(
            int(document["version"]),
            str(document["algorithm"]),
            load(ALGORITHMS[str(document["algorithm"])].config, document["config"], where),
            load(StepSpec, document["spec"], where),
        )
    except (KeyError, TypeError, ValueError, UsageError) as error:
        raise SchemaError(f"{where} have metadata of another version ({error}): train again or convert.") from None
    return meta, tensors
