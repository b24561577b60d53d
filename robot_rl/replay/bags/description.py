"""What a store is of, as text: what step messages do not say (names, image shape, task, robot)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from robot_rl.config.loader import load, to_plain
from robot_rl.core.errors import SchemaError
from robot_rl.core.record import SCHEMA, StepSpec

SUFFIX = "_description"
"""What the name of the latched String topic with the description has beyond the step topic's."""
CHECKSUM = "_checksum"
"""Likewise of the UInt32 topic with the crc32 of each step's packed record: bags have no checksums of their own."""


@dataclass(frozen=True)
class Description:
    """A store's step layout and meta (task, robot)."""

    spec: StepSpec
    meta: Mapping[str, str]

    def to_text(self) -> str:
        """The description as a JSON document."""
        return json.dumps({"step": SCHEMA, "spec": to_plain(self.spec), "meta": dict(self.meta)})

    @staticmethod
    def from_text(text: str, where: str) -> Description:
        """Inverse of `to_text`; SchemaError naming `where` if the text is something else or of another version."""
        try:
            document: dict[str, Any] = json.loads(text)
            schema, spec, meta = document["step"], document["spec"], document["meta"]
            meta = {str(key): str(value) for key, value in meta.items()}
        except (ValueError, KeyError, TypeError, AttributeError):
            raise SchemaError(f"{where} describes no steps of robot_rl: give the topic of the steps.") from None
        if schema != SCHEMA:
            raise SchemaError(f"{where} has steps of schema '{schema}', this version reads '{SCHEMA}'.")
        return Description(load(StepSpec, spec, where), meta)
