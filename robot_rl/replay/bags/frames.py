"""The images that ticks show, read from the bag one after another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

import numpy as np

from robot_rl.core.errors import SchemaError
from robot_rl.core.spec import ObservationSpec
from robot_rl.replay.bags import decode
from robot_rl.replay.bags.reading import BagReader

UNREADABLE = "image that cannot be read"


def images_of(
    reader: BagReader,
    topics: Mapping[str, str],
    wanted: Mapping[str, np.ndarray],
    usable: np.ndarray,
    spec: ObservationSpec,
    left_out: Counter[str],
) -> Iterator[dict[str, np.ndarray] | None]:
    """For each tick its image by camera, uint8 of the spec's shape; None where the tick is not `usable` (n,).

    `topics` is camera -> topic, `wanted` camera -> number (n,) of each tick's image in the bag's order. A tick whose
    image cannot be read gives None too and is counted. Only images that a later tick still needs are kept.
    """
    reading = _Reading(reader, topics, wanted, usable, spec)
    for tick, good in enumerate(usable):
        images = reading.take(tick) if good else None
        if good and images is None:
            left_out[UNREADABLE] += 1
        yield images


class _Reading:
    """Decodes images in the bag's order until a tick has all of its own."""

    def __init__(
        self,
        reader: BagReader,
        topics: Mapping[str, str],
        wanted: Mapping[str, np.ndarray],
        usable: np.ndarray,
        spec: ObservationSpec,
    ) -> None:
        self._wanted, self._spec, self._topics = wanted, spec, topics
        self._uses = {topics[camera]: Counter(numbers[usable].tolist()) for camera, numbers in wanted.items()}
        self._kept: dict[tuple[str, int], np.ndarray | None] = {}
        self._count: Counter[str] = Counter()
        self._messages = reader.messages(list(topics.values()))

    def take(self, tick: int) -> dict[str, np.ndarray] | None:
        """Images of a tick, or None where one cannot be read."""
        images = {camera: self._image(self._topics[camera], int(self._wanted[camera][tick])) for camera in self._topics}
        readable = {camera: image for camera, image in images.items() if image is not None}
        return readable if len(readable) == len(images) else None

    def _image(self, topic: str, number: int) -> np.ndarray | None:
        while self._count[topic] <= number:
            self._read_next()
        image = self._kept[topic, number]
        self._uses[topic][number] -= 1
        if not self._uses[topic][number]:
            del self._kept[topic, number]
        return image

    def _read_next(self) -> None:
        message = next(self._messages)
        topic = message.topic
        number = self._count[topic]
        self._count[topic] += 1
        if self._uses[topic][number]:
            try:
                image = decode.resized(decode.pixels(message), self._spec.image_height, self._spec.image_width)
            except SchemaError:
                self._kept[topic, number] = None
            else:
                self._kept[topic, number] = image
