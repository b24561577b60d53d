"""The run directory: what lies where, and the check that a command fits the run that is already there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from robot_rl.config.loader import read_yaml
from robot_rl.core.errors import RobotRLError, SchemaError, UsageError
from robot_rl.core.files import write_atomic

SCHEMA = "robot_rl/run/1"
IDENTITY = ("task", "robot", "cameras", "image_size", "rate_hz")
"""Keys of the rig that a run keeps for life: its data and networks depend on them."""
_OWN = ("demos.zarr", "replay.zarr", "eval.zarr", "checkpoints", "tensorboard", "log", "report.html", ".lock")


@dataclass(frozen=True)
class RunDir:
    """Paths inside a run directory; nothing is created by naming them."""

    path: Path

    @classmethod
    def named(cls, name: str) -> RunDir:
        """`runs/<name>` below the working directory, or `name` itself where it is a path (holds a '/')."""
        if not name or name in (".", ".."):
            raise UsageError(f"run '{name}' is no name: give a name such as 'reach', or a path with a '/'.")
        return cls(Path(name).expanduser().absolute() if "/" in name else Path("runs", name).absolute())

    @property
    def name(self) -> str:
        """Last part of the path."""
        return self.path.name

    @property
    def config(self) -> Path:
        """Resolved configuration (YAML)."""
        return self.path / "config.yaml"

    @property
    def demos(self) -> Path:
        """Replay store of this run's demonstrations."""
        return self.path / "demos.zarr"

    @property
    def replay(self) -> Path:
        """Replay store of online experience."""
        return self.path / "replay.zarr"

    @property
    def eval_store(self) -> Path:
        """Replay store of the last evaluation's episodes."""
        return self.path / "eval.zarr"

    @property
    def eval_json(self) -> Path:
        """Figures of the last evaluation."""
        return self.path / "eval.json"

    @property
    def result_json(self) -> Path:
        """What training came to: policy_version, env_steps, updates, settled, train_wall_s, reason."""
        return self.path / "result.json"

    @property
    def checkpoints(self) -> Path:
        """Directory of checkpoints."""
        return self.path / "checkpoints"

    @property
    def weights(self) -> Path:
        """Newest policy weights (safetensors)."""
        return self.checkpoints / "policy.safetensors"

    @property
    def report(self) -> Path:
        """The report (HTML)."""
        return self.path / "report.html"

    @property
    def tensorboard(self) -> Path:
        """TensorBoard event files."""
        return self.path / "tensorboard"

    def log(self, graph: str) -> Path:
        """Directory of the node logs and parameter files of graph `graph`."""
        return self.path / "log" / graph

    @property
    def lock(self) -> Path:
        """Lock file, held while a graph runs in the run."""
        return self.path / ".lock"

    def read(self) -> dict[str, Any]:
        """The stored configuration, {} where the run does not exist yet; SchemaError if it is of another schema."""
        if not self.config.is_file():
            foreign = self._foreign()
            if foreign:
                raise UsageError(f"'{self.path}' holds '{foreign}' and is no run directory: give another run:=NAME.")
            return {}
        stored = read_yaml(self.config)
        if stored.get("schema") != SCHEMA:
            raise SchemaError(
                f"run '{self.path}' has schema {stored.get('schema')!r}, this version writes '{SCHEMA}': "
                "give another run:=NAME."
            )
        return stored

    def result(self) -> dict[str, Any]:
        """What `result_json` holds, {} before training's first end; RobotRLError for a file that cannot be read."""
        return _object(self.result_json)

    def evaluation(self) -> dict[str, Any]:
        """What `eval_json` holds, {} before the first evaluation; RobotRLError for a file that cannot be read."""
        return _object(self.eval_json)

    def check(self, identity: Mapping[str, Any]) -> dict[str, Any]:
        """Return the stored configuration; UsageError where its identity differs from `identity`."""
        stored = self.read()
        for key, value in identity.items():
            kept = stored.get("identity", {}).get(key, value)
            if kept != value:
                raise UsageError(
                    f"run '{self.path}' was made with {key} {kept!r}, not {value!r}: "
                    f"give {key}:={as_text(kept)} to go on with it, or another run:=NAME."
                )
        return stored

    def record(self, identity: Mapping[str, Any], graph: str, resolved: Mapping[str, Any]) -> None:
        """Check, then write the configuration with `resolved` as what `graph` runs with; other graphs' stay."""
        stored = self.check(identity)
        config = {
            "schema": SCHEMA,
            "identity": {**stored.get("identity", {}), **identity},
            "graphs": {**stored.get("graphs", {}), graph: dict(resolved)},
        }
        self.path.mkdir(parents=True, exist_ok=True)
        write_atomic(self.config, yaml.safe_dump(config, sort_keys=False).encode())

    def _foreign(self) -> str:
        if self.path.exists() and not self.path.is_dir():
            return self.path.name
        entries = sorted(entry.name for entry in self.path.iterdir()) if self.path.is_dir() else []
        return next((name for name in entries if name not in _OWN and not name.endswith(".tmp")), "")


def _object(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        found = json.loads(path.read_text())
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise RobotRLError(f"'{path}' holds no JSON object: delete it and run the command again, it is made anew.")
    return found


def as_text(value: Any) -> str:
    """A parameter as on the command line: lists with commas."""
    return ",".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
