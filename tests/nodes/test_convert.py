"""Messages and core values translate into each other without loss."""

import numpy as np
import pytest
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import Image, JointState, PointCloud2

from robot_rl.core.errors import SchemaError
from robot_rl.core.geometry import Pose
from robot_rl.core.record import StepSpec
from robot_rl.core.spec import ActionSpec, ObservationSpec
from robot_rl.nodes import convert

SPEC = StepSpec(ObservationSpec(("wrist", "front"), 8, 6, ("a", "b", "c")), ActionSpec(("x", "y")))


def random_record() -> np.ndarray:
    rng = np.random.default_rng(0)
    record = np.frombuffer(rng.integers(0, 256, SPEC.dtype.itemsize, np.uint8).tobytes(), SPEC.dtype)[0].copy()
    record["stamp_ns"], record["seq"] = 1234567890123456789, 2**40 + 5
    return record


def test_a_step_survives_the_wire_bit_for_bit() -> None:
    record = random_record()
    wire = deserialize_message(serialize_message(convert.step_to_msg(record)), PointCloud2)
    assert convert.step_from_msg(wire, SPEC).tobytes() == record.tobytes()


def test_a_step_describes_itself_to_any_point_cloud_reader() -> None:
    fields = {f.name: (f.offset, f.datatype, f.count) for f in convert.step_to_msg(random_record()).fields}
    offset = SPEC.dtype.fields["image_wrist"][1]
    assert fields["image_wrist"] == (offset, 2, 8 * 6 * 3)
    assert {"seq_lo", "seq_hi", "stamp_ns_lo", "reward", "action"} <= set(fields)


def test_a_step_of_another_layout_is_refused_by_name() -> None:
    other = StepSpec(SPEC.observation, ActionSpec(("x", "y", "z")))
    with pytest.raises(SchemaError, match="action, proposed"):
        convert.step_from_msg(convert.step_to_msg(random_record()), other)


def test_a_step_of_another_schema_is_refused() -> None:
    msg = convert.step_to_msg(random_record())
    msg.header.frame_id = "robot_rl/step/0"
    with pytest.raises(SchemaError, match="step/0"):
        convert.step_from_msg(msg, SPEC)


def test_an_image_round_trips_and_bgr_is_turned() -> None:
    image = np.random.default_rng(1).integers(0, 256, (5, 7, 3), np.uint8)
    msg = convert.image_to_msg(image, 42, "optical")
    assert (convert.image_from_msg(msg) == image).all() and convert.time_from_msg(msg.header.stamp) == 42
    msg.encoding = "bgr8"
    assert (convert.image_from_msg(msg) == image[:, :, ::-1]).all()


def test_an_image_with_padded_rows_is_read() -> None:
    image = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    padded = np.hstack([image.reshape(2, 9), np.zeros((2, 3), np.uint8)])
    msg = Image(height=2, width=3, encoding="rgb8", step=12, data=padded.tobytes())
    assert (convert.image_from_msg(msg) == image).all()


@pytest.mark.parametrize("change", [{"encoding": "mono8"}, {"height": 9}])
def test_an_unusable_image_is_refused(change: dict[str, object]) -> None:
    msg = convert.image_to_msg(np.zeros((4, 4, 3), np.uint8), 0, "")
    for name, value in change.items():
        setattr(msg, name, value)
    with pytest.raises(SchemaError):
        convert.image_from_msg(msg)


def test_a_named_vector_is_read_in_any_order_and_missing_names_are_reported() -> None:
    msg = JointState(name=["b", "c", "a"], position=[2.0, 3.0, 1.0])
    assert convert.vector_from_msg(msg, ["a", "b"]).tolist() == [1.0, 2.0]
    with pytest.raises(SchemaError, match="lacks d"):
        convert.vector_from_msg(msg, ["a", "d"])


@pytest.mark.parametrize(
    ("effort", "read"),
    [([2.0, 3.0, 1.0], [1.0, 2.0]), ([], None), ([np.nan] * 3, None), ([np.nan, 0.0, 1.0], [1.0, np.nan])],
)
def test_efforts_are_read_where_the_driver_reports_any(effort: list[float], read: list[float] | None) -> None:
    found = convert.efforts_from_msg(JointState(name=["b", "c", "a"], position=[0.0] * 3, effort=effort), ["a", "b"])
    if read is None:
        assert found is None
    else:
        assert found is not None and np.array_equal(found, read, equal_nan=True)


def test_times_before_and_after_a_second_boundary_round_trip() -> None:
    for stamp in (0, 999_999_999, 1_000_000_000, 1_700_000_000_123_456_789):
        assert convert.time_from_msg(convert.time_to_msg(stamp)) == stamp


def test_a_pose_survives_the_trip_and_one_that_is_none_is_refused() -> None:
    pose = Pose([0.1, -0.2, 0.3], [0.5, 0.5, -0.5, 0.5])
    msg = convert.pose_to_msg(pose, 1_500_000_000, "base_link")
    back = convert.pose_from_msg(msg)
    assert np.array_equal(back.position, pose.position) and np.array_equal(back.quaternion, pose.quaternion)
    assert (msg.header.stamp.sec, msg.header.frame_id) == (1, "base_link")
    msg.pose.orientation.w = 0.0
    with pytest.raises(SchemaError, match="is no pose"):
        convert.pose_from_msg(msg)


def test_a_twist_survives_the_trip_and_nan_is_refused() -> None:
    twist = np.arange(6.0)
    msg = convert.twist_to_msg(twist, 0, "base_link")
    assert np.array_equal(convert.twist_from_msg(msg), twist)
    msg.twist.angular.y = float("nan")
    with pytest.raises(SchemaError, match="dropped"):
        convert.twist_from_msg(msg)
