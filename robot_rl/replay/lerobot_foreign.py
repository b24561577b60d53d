"""Steps of a LeRobot dataset that no replay store was the source of.

An episode's last frame becomes its last observation: its action, whose successor nobody saw, is dropped. Where the
episode truly ended there, the reward of that frame is added to the transition before it, so that it is not lost; after
a time limit the value of the last observation stands for it. Of a taken frame and those skipped after it (`rate_hz`)
rewards are summed and flags joined; the action is the taken frame's, which suits targets, not displacements.
"""

from __future__ import annotations

import json
import zlib
from typing import Any

import cv2
import numpy as np

from robot_rl.core.errors import SchemaError
from robot_rl.core.record import Source
from robot_rl.replay import lerobot_format as fmt
from robot_rl.replay.lerobot_options import Foreign
from robot_rl.replay.lerobot_plan import make_plan
from robot_rl.replay.lerobot_reader import DatasetReader

_OUTCOMES = (fmt.REWARD, fmt.SUCCESS, fmt.DONE, fmt.TRUNCATED)
_SLACK = 1e-3
"""How far outside [-1, 1] an action may lie that is taken for rounding."""


class ForeignSteps:
    """Episode by episode records, all of source HUMAN; `run_id` follows from the dataset's description."""

    def __init__(self, reader: DatasetReader, options: Foreign) -> None:
        """Plan the import; UsageError or SchemaError naming what does not fit."""
        self._reader, self._plan = reader, make_plan(reader, options)
        self.spec, self.meta = self._plan.spec, self._plan.meta
        self._outcomes = [key for key in _OUTCOMES if key in reader.features]
        self._low, self._high = self._action_range(options.scale_actions)
        described = [reader.root / name for name in (fmt.INFO, fmt.STATS)]
        self._run_id = zlib.crc32(b"".join(path.read_bytes() for path in described if path.is_file()))
        self._seq = self._start = self._left_out = self._ended = 0

    def episode(self, number: int) -> np.ndarray:
        """Records (n,) of episode `number`, none where fewer than two observations remain of it."""
        numbers, table = self._reader.episode(number, [fmt.STATE, fmt.ACTION, *self._outcomes])
        start, self._start = self._start, self._start + len(table)
        kept = np.arange(0, len(table), self._plan.stride)
        if len(kept) < 2:
            self._left_out += 1
            return np.zeros(0, self.spec.dtype)
        records = np.zeros(len(kept), self.spec.dtype)
        self._number(records, number, start / self._reader.fps + numbers["timestamp"][kept].astype(np.float64))
        state = numbers[fmt.STATE].reshape(len(table), -1)[kept]
        records["proprio"] = self._finite(state[:, self._plan.state], fmt.STATE, number)
        records["action"][:-1] = self._scaled(numbers[fmt.ACTION].reshape(len(table), -1)[kept[:-1]])
        records["proposed"] = records["action"]
        self._judge(records, numbers, kept)
        for camera, key in self._plan.cameras.items():
            for row, image in enumerate(self._reader.images(number, key, kept, table)):
                records[f"image_{camera}"][row] = self._resized(image)
        return records

    def notes(self) -> list[str]:
        """Sentences on how the data was read."""
        plan, found = self._plan, ["The last frame of every episode is its last observation; its action was dropped."]
        rule = {"success": "next.success", "done": "next.done without next.truncated"}.get(plan.terminal, plan.terminal)
        found.append(f"{self._ended} episodes truly ended (rule: {rule}), the others count as cut by a time limit.")
        if fmt.REWARD not in self._outcomes:
            found.append("The dataset has no next.reward: reaching success earned 1, all else 0.")
        if plan.stride > 1:
            found.append(f"Of {plan.stride} frames one was taken, with its own action: right for targets only.")
        if "action_range" in self.meta:
            found.append(f"Actions were scaled to [-1, 1] from {self.meta['action_range']}.")
        if self._left_out:
            found.append(f"{self._left_out} episodes with fewer than two observations were left out.")
        return found

    def _number(self, records: np.ndarray, number: int, times: np.ndarray) -> None:
        """Fill what names and places the steps; `times` (n,) [s] go on from episode to episode."""
        count = len(records)
        records["seq"] = self._seq + np.arange(count)
        records["run_id"], records["episode"], records["index"] = self._run_id, number, np.arange(count)
        records["stamp_ns"] = np.round(times * 1e9).astype(np.int64)
        records["source"] = Source.HUMAN
        records["is_first"][0] = records["is_last"][-1] = 1
        self._seq += count

    def _judge(self, records: np.ndarray, numbers: dict[str, np.ndarray], kept: np.ndarray) -> None:
        """Fill reward, success and is_terminal."""
        flags = {key: np.logical_or.reduceat(numbers[key] != 0, kept) for key in self._outcomes if key != fmt.REWARD}
        rule = self._plan.terminal
        ended = rule == "always" or (rule == "success" and bool(flags[fmt.SUCCESS][-1]))
        if rule == "done":
            ended = bool(flags[fmt.DONE][-1]) and not bool(flags.get(fmt.TRUNCATED, [False])[-1])
        self._ended += ended
        records["is_terminal"][-1] = ended
        if fmt.SUCCESS in flags:
            reached = flags[fmt.SUCCESS]
            records["success"][1:] = reached[:-1]
            records["success"][-1] |= reached[-1]
        else:
            records["success"][-1] = ended
        if fmt.REWARD in self._outcomes:
            reward = np.add.reduceat(numbers[fmt.REWARD].astype(np.float64), kept)
            records["reward"][:-1] = self._finite(reward, fmt.REWARD, int(records["episode"][0]))[:-1]
            records["reward"][-2] += reward[-1] if ended else 0.0
        else:
            records["reward"][:-1] = records["success"][1:]

    def _action_range(self, scale: bool) -> tuple[np.ndarray, np.ndarray]:
        """Lower and upper bound (A,) of what becomes -1 and 1."""
        every = self._reader.column(fmt.ACTION).reshape(-1, self._reader.width(fmt.ACTION))[:, self._plan.action]
        low, high = every.min(0).astype(np.float64), every.max(0).astype(np.float64)
        names = self.spec.action.names
        outside = [k for k in range(len(names)) if not (low[k] >= -1.0 - _SLACK and high[k] <= 1.0 + _SLACK)]
        if not np.isfinite(low + high).all():
            raise SchemaError(f"'{self._reader.root}' has actions that are not finite: repair the dataset.")
        if scale:
            spans = {name: [round(float(low[k]), 6), round(float(high[k]), 6)] for k, name in enumerate(names)}
            self.meta["action_range"] = json.dumps(spans)
            return low, high
        if outside:
            k = outside[0]
            text = f"action '{names[k]}' of '{self._reader.root}' spans {low[k]:g} to {high[k]:g}, not [-1, 1]"
            raise SchemaError(f"{text}: give --scale-actions to map each action's range to it.")
        return -np.ones(len(names)), np.ones(len(names))

    def _scaled(self, action: np.ndarray) -> np.ndarray:
        """Actions (n, A) float32 in [-1, 1]; a dimension that never moves is 0."""
        span = self._high - self._low
        middle = action[:, self._plan.action] - 0.5 * (self._high + self._low)
        scaled = np.divide(2.0 * middle, span, out=np.zeros_like(middle, np.float64), where=span > 0.0)
        return np.clip(scaled, -1.0, 1.0).astype(np.float32)

    def _finite(self, values: np.ndarray, key: str, number: int) -> np.ndarray:
        if not np.isfinite(values).all():
            raise SchemaError(f"'{key}' of episode {number} of '{self._reader.root}' is not finite: repair or drop it.")
        return values

    def _resized(self, image: np.ndarray) -> np.ndarray:
        height, width, _ = self.spec.observation.image_shape
        if image.shape[:2] == (height, width):
            return image
        smaller = image.shape[0] >= height and image.shape[1] >= width
        resized: Any = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)
        return np.asarray(resized)
