"""Steps of a dataset that was exported from a replay store, as they were there."""

from __future__ import annotations

from typing import Any

import numpy as np

from robot_rl.config.loader import load
from robot_rl.core.errors import RobotRLError, SchemaError
from robot_rl.core.record import StepSpec
from robot_rl.replay import lerobot_format as fmt
from robot_rl.replay.lerobot_reader import DatasetReader, read_json
from robot_rl.replay.lerobot_tables import decode_image, read_table


class OwnSteps:
    """Episode by episode the records that `export_lerobot` took from a store."""

    def __init__(self, reader: DatasetReader) -> None:
        """Read `meta/robot_rl/`; SchemaError where another version wrote it or it does not fit the dataset."""
        self._reader, path = reader, reader.root / fmt.OWN_STORE
        own = read_json(path, f"'{path}' is missing.")
        if own.get("format") != fmt.OWN_FORMAT:
            raise SchemaError(f"'{path}' has format {own.get('format')!r}, this version reads '{fmt.OWN_FORMAT}'.")
        self.spec = load(StepSpec, own.get("spec", {}), f"'{path}'")
        self.meta: dict[str, str] = dict(own.get("meta", {}))
        self._frame, self._last_fields = fmt.mapped_fields(self.spec), fmt.mapped_fields(self.spec, last=True)
        self._keys = {camera: fmt.image_key(camera) for camera in self.spec.observation.cameras}
        columns = ["episode_index", *(m.key for m in self._last_fields), *self._keys.values()]
        rows = read_table(reader.root / fmt.OWN_LAST, columns).to_pylist()
        self._last = {row["episode_index"]: row for row in rows}
        self._require_fit()

    def notes(self) -> list[str]:
        """Sentences on what is not as it was."""
        films = any(self._reader.features[key]["dtype"] == "video" for key in self._keys.values())
        return ["Images of frames come from film and are not bit for bit those of the store."] if films else []

    def episode(self, number: int) -> np.ndarray:
        """Records (T + 1,) of episode `number`."""
        numbers, table = self._reader.episode(number, [m.key for m in self._frame])
        last = self._last[self._reader.episodes[number]["episode_index"]]
        records = np.zeros(len(table) + 1, self.spec.dtype)
        for m in self._frame:
            values = records[m.field][:-1]
            values[...] = numbers[m.key].reshape(values.shape)
        for m in self._last_fields:
            records[m.field][-1] = last[m.key]
        for camera, key in self._keys.items():
            self._fill(records[f"image_{camera}"], key, number, table, last)
        self._require_joined(records, number)
        return records

    def _fill(self, images: np.ndarray, key: str, number: int, table: Any, last: dict[str, Any]) -> None:
        """Images (T + 1, H, W, 3) of one camera."""
        for frame, image in enumerate(self._reader.images(number, key, np.arange(len(table)), table)):
            images[frame] = self._checked(image, key)
        images[-1] = self._checked(decode_image({"bytes": last[key]}, self._reader.root, f"the end of '{key}'"), key)

    def _checked(self, image: np.ndarray, key: str) -> np.ndarray:
        if image.shape != self.spec.observation.image_shape:
            want = self.spec.observation.image_shape
            raise SchemaError(f"'{key}' has images of {image.shape}, not {want}: give options of a foreign dataset.")
        return image

    def _require_fit(self) -> None:
        features = self._reader.features
        lacking = [m.key for m in self._frame if m.key not in features or self._reader.width(m.key) != (m.size or 1)]
        lacking += [key for key in self._keys.values() if key not in features]
        if lacking:
            raise self._edited(f"feature '{lacking[0]}' is not as it was")
        if set(self._last) != {row["episode_index"] for row in self._reader.episodes}:
            raise self._edited("its episodes are not those that were exported")

    def _require_joined(self, records: np.ndarray, number: int) -> None:
        """The last row must go on where the frames end."""
        before, last = records[-2], records[-1]
        same = all(before[name] == last[name] for name in ("run_id", "episode"))
        if not same or before["index"] + 1 != last["index"]:
            raise self._edited(f"the last observation of episode {number} does not follow its frames")

    def _edited(self, what: str) -> RobotRLError:
        folder = (self._reader.root / fmt.OWN_STORE).parent
        return SchemaError(f"'{self._reader.root}' was changed since its export ({what}): remove '{folder}' to import.")
