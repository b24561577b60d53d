"""Files, folders and videos as cameras, and the test pattern."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from robot_rl.config.camera import CameraNodeConfig
from robot_rl.core.errors import UsageError
from robot_rl.perception.cameras.camera import Camera, Frame
from robot_rl.perception.cameras.drivers import open_camera


@pytest.fixture
def opened() -> Iterator[Callable[..., Camera]]:
    """Open a camera by its parameters, fast, with a clock that counts."""
    made: list[Camera] = []
    ticks = iter(range(1, 10_000))

    def open_one(**options: Any) -> Camera:
        made.append(open_camera(CameraNodeConfig(**{"driver": "file", "fps": 200.0, **options}), lambda: next(ticks)))
        return made[-1]

    yield open_one
    for camera in made:
        camera.close()


def write(path: Path, red: int, size: tuple[int, int] = (24, 32)) -> None:
    image = np.zeros((*size, 3), np.uint8)
    image[..., 2] = red  # OpenCV writes BGR
    cv2.imwrite(str(path), image)


def frames(camera: Camera, count: int) -> list[Frame]:
    found = [camera.read(1.0) for _ in range(count)]
    return [frame for frame in found if frame is not None]


def test_a_folder_is_played_in_order_and_again(opened, tmp_path: Path) -> None:
    for n in range(3):
        write(tmp_path / f"{n}.png", 50 * n)
    (tmp_path / "notes.txt").write_text("no image")
    found = frames(opened(device=str(tmp_path)), 7)
    assert [frame.image[0, 0].tolist() for frame in found] == [[50 * (n % 3), 0, 0] for n in range(7)]
    assert [frame.stamp_ns for frame in found] == list(range(1, 8))


def test_without_loop_it_falls_silent_at_the_end(opened, tmp_path: Path) -> None:
    for n in range(2):
        write(tmp_path / f"{n}.png", n)
    assert len(frames(opened(device=str(tmp_path), loop=False), 5)) == 2


def test_one_image_is_a_camera_that_never_freezes(opened, tmp_path: Path) -> None:
    write(tmp_path / "one.png", 9)
    camera = opened(device=str(tmp_path / "one.png"))
    assert len(frames(camera, 4)) == 4 and not camera.live


def test_a_video(opened, tmp_path: Path) -> None:
    path = tmp_path / "film.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 30.0, (64, 48))
    for level in (40, 120, 200):
        writer.write(np.full((48, 64, 3), level, np.uint8))
    writer.release()
    levels = [int(frame.image.mean()) for frame in frames(opened(device=str(path)), 5)]
    assert np.abs(np.array(levels) - [40, 120, 200, 40, 120]).max() < 6


def test_the_pattern_moves_and_has_the_size_asked_for(opened) -> None:
    found = frames(opened(driver="pattern", width=320, height=240), 3)
    assert {frame.image.shape for frame in found} == {(240, 320, 3)}
    assert not np.array_equal(found[0].image, found[1].image)


def test_the_rate_is_kept_and_frames_that_were_late_are_left_out(opened) -> None:
    camera = opened(driver="pattern", fps=20.0)
    numbers = [frame.number for frame in frames(camera, 2)]
    assert numbers == sorted(set(numbers))
    assert camera.read(0.0) is None


def test_files_that_are_none(opened, tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_text("no image")
    (tmp_path / "broken.mp4").write_text("no video")
    (tmp_path / "empty").mkdir()
    for name, sentence in (
        ("nothing.png", "there is no .*nothing.png': give the path"),
        ("empty", "folder .*empty' holds no images"),
        ("broken.png", "broken.png' cannot be read as an image"),
        ("broken.mp4", "broken.mp4' cannot be read as a video"),
    ):
        with pytest.raises(UsageError, match=sentence):
            opened(device=str(tmp_path / name))


def test_pictures_of_two_sizes(opened, tmp_path: Path) -> None:
    write(tmp_path / "0.png", 1)
    write(tmp_path / "1.png", 1, (48, 64))
    camera = opened(device=str(tmp_path))
    assert camera.read(1.0) is not None
    with pytest.raises(UsageError, match="pictures of 64x48 px beside 32x24 px"):
        camera.read(1.0)


def test_a_topic_is_no_device(opened) -> None:
    with pytest.raises(UsageError, match="driver 'topic' opens no device"):
        opened(driver="topic")
