"""The RealSense driver on librealsense's software device: what differs from a real one is where the device is from."""

import time

import numpy as np
import pyrealsense2 as rs
import pytest

from robot_rl.core.errors import UsageError
from robot_rl.perception.cameras.camera import CameraLost

S, MS = 1_000_000_000, 1_000_000


class Clock:
    """A node clock that the test moves."""

    def __init__(self) -> None:
        self.now = 100 * S

    def __call__(self) -> int:
        return self.now


def test_frames_arrive_bit_exact_with_number_exposure_and_gain(software, opened, picture) -> None:
    camera = opened()
    for seed in range(5):
        software.send(picture(seed), 1000.0 + 33.0 * seed, exposure_us=5000 + seed, gain=seed)
        frame = camera.read(1.0)
        assert np.array_equal(frame.image, picture(seed)) and frame.depth is None
        assert (frame.number, frame.exposure_us, frame.gain) == (seed + 1, 5000 + seed, seed)


def test_a_frame_outlives_the_next_ones(software, opened, picture) -> None:
    camera = opened()
    software.send(picture(0), 0.0)
    first = camera.read(1.0)
    for seed in range(1, 40):
        software.send(picture(seed), 33.0 * seed)
        camera.read(1.0)
    assert np.array_equal(first.image, picture(0))


def test_depth_is_of_the_same_time_and_in_the_pixels_of_colour(software, opened, picture) -> None:
    camera = opened(depth=True)
    for seed, distance in enumerate((500, 2000)):
        # Steps hide what lies behind them, a plane has none; the library's rounding leaves these distances whole.
        plane = np.full((48, 64), distance, np.uint16)
        software.send(picture(seed), 1000.0 + 33.0 * seed, plane)
        frame = camera.read(1.0)
        assert np.array_equal(frame.image, picture(seed)) and np.array_equal(frame.depth, plane)


def test_depth_is_in_millimetres_whatever_the_devices_unit(software, opened, picture) -> None:
    camera = opened(depth=True)
    software.unit = 0.0001
    software.send(picture(0), 1000.0, np.full((48, 64), 5000, np.uint16))
    assert set(np.unique(camera.read(1.0).depth)) - {0} == {500}


def test_depth_of_another_time_is_none(software, opened, picture) -> None:
    camera = opened(depth=True)
    software.send(picture(0), 1000.0, np.full((48, 64), 900, np.uint16))
    assert camera.read(1.0).depth is not None
    software.send(picture(1), 1100.0)
    assert camera.read(1.0).depth is None


def test_hardware_stamps_are_mapped_by_the_quickest_transfer(software, opened, picture) -> None:
    clock = Clock()
    camera = opened(clock)
    delays = np.random.default_rng(1).integers(3, 30, 60)
    delays[5] = 3
    for n, delay in enumerate(delays):
        captured = 33 * MS * n
        clock.now = 100 * S + captured + int(delay) * MS
        software.send(picture(n), 5000.0 + 33.0 * n)
        stamp = camera.read(1.0).stamp_ns
        if n > 5:  # 3 ms is what no one-way measurement can see
            assert stamp == 100 * S + captured + 3 * MS
        assert stamp <= clock.now
    assert camera.clock_offset_ns == 95 * S + 3 * MS


def test_host_stamps_are_taken_as_they_are_where_the_clocks_agree(software, opened, picture) -> None:
    clock = Clock()
    camera = opened(clock)
    software.send(picture(0), 99_980.0, domain=rs.timestamp_domain.global_time)
    assert camera.read(1.0).stamp_ns == 99_980 * MS
    software.send(picture(1), 5.0, domain=rs.timestamp_domain.system_time)  # of another clock
    assert camera.read(1.0).stamp_ns == clock.now


def test_dropped_frames_leave_a_gap_in_the_numbers(software, opened, picture) -> None:
    camera = opened()
    software.send(picture(0), 0.0, number=7)
    software.send(picture(1), 99.0, number=10)
    assert [camera.read(1.0).number for _ in range(2)] == [7, 10]


def test_unplugged_is_lost_and_silence_alone_is_not(software, opened, picture) -> None:
    camera = opened()
    software.send(picture(0), 0.0)
    assert camera.read(1.0) is not None
    time.sleep(0.3)
    assert camera.read(0.01) is None
    software.plugged = False
    with pytest.raises(CameraLost, match="RealSense '111' is unplugged: plug it in"):
        camera.read(0.01)


def test_intrinsics_are_the_factorys(opened) -> None:
    optics = opened().optics
    assert optics.matrix.tolist() == [[60.0, 0.0, 31.0], [0.0, 61.0, 23.0], [0.0, 0.0, 1.0]]
    assert (optics.distortion_model, len(optics.distortion)) == ("plumb_bob", 5)


def test_fixed_exposure_gain_and_white_balance_reach_the_sensor(software, opened) -> None:
    opened(exposure_us=8000.0, gain=30.0, white_balance_k=5000.0)
    option, sensor = rs.option, software.colour
    assert [sensor.get_option(o) for o in (option.exposure, option.gain, option.white_balance)] == [80, 30, 5000]
    assert [sensor.get_option(o) for o in (option.enable_auto_exposure, option.enable_auto_white_balance)] == [0, 0]


def test_automatic_is_switched_on(software, opened) -> None:
    for option in (rs.option.enable_auto_exposure, rs.option.enable_auto_white_balance):
        software.colour.set_option(option, 0)
    opened()
    assert software.colour.get_option(rs.option.enable_auto_exposure) == 1
    assert software.colour.get_option(rs.option.enable_auto_white_balance) == 1


@pytest.mark.parametrize(
    ("options", "error", "sentence"),
    [
        ({"device": "999"}, CameraLost, "no RealSense with serial number '999' is connected: there are '111'"),
        ({"width": 65}, UsageError, "no colour mode of 65x48 px at 30 Hz: choose one of 64x48 at 30 Hz"),
        ({"fps": 15.0}, UsageError, "no colour mode of 64x48 px at 15 Hz"),
        ({"exposure_us": 5e6}, UsageError, "exposure_us is 5e.06, which this RealSense does not do: give 100 to 1e.06"),
        ({"gain": 30.0}, UsageError, "gain is 30 and exposure_us automatic"),
    ],
)
def test_wrong_requests_have_their_sentence(opened, options, error, sentence) -> None:
    with pytest.raises(error, match=sentence):
        opened(**options)


def test_a_control_that_the_sensor_lacks(software) -> None:
    from robot_rl.config.camera import CameraNodeConfig
    from robot_rl.perception.cameras.realsense_device import set_controls

    with pytest.raises(UsageError, match="no white_balance_k to fix"):
        set_controls(rs, software.depth, CameraNodeConfig(white_balance_k=4000.0))


def test_which_of_two_is_asked_for(another, opened, software) -> None:
    second = another("222")
    software.list = lambda: [software.device, second.device]
    with pytest.raises(UsageError, match="2 RealSense cameras are connected .'111', '222'.: name one"):
        opened()
    assert opened(device="222").serial == "222"


def test_nothing_connected(software, opened) -> None:
    software.plugged = False
    with pytest.raises(CameraLost, match="no RealSense is connected"):
        opened()


def test_a_busy_device_is_said_and_does_not_disturb_who_uses_it(software, opened, picture) -> None:
    camera = opened()
    with pytest.raises(CameraLost, match="the RealSense failed .*: end the program that uses it"):
        opened()
    software.send(picture(3), 0.0)
    assert np.array_equal(camera.read(1.0).image, picture(3))


def test_an_error_of_the_library_is_a_loss_that_may_mend_itself(software, opened, picture) -> None:
    camera = opened()
    software.send(picture(0), 0.0)
    assert camera.read(1.0) is not None
    time.sleep(0.3)

    def broken() -> list:
        raise RuntimeError("xioctl failed, errno=19")

    software.list = broken
    camera._devices = broken
    with pytest.raises(CameraLost, match="RealSense '111' failed .xioctl failed, errno=19.: .* plug it in again"):
        camera.read(0.01)
    with pytest.raises(CameraLost, match="the RealSense failed"):
        opened()


def test_it_can_be_opened_again(software, opened, picture) -> None:
    opened().close()
    camera = opened()
    software.send(picture(3), 0.0)
    assert camera.read(1.0).number == 1


def test_without_the_library_the_remedy_is_named(monkeypatch) -> None:
    from robot_rl.perception.cameras.realsense_device import library

    monkeypatch.setitem(__import__("sys").modules, "pyrealsense2", None)
    with pytest.raises(UsageError, match="pip install -r requirements/cameras.txt"):
        library()
