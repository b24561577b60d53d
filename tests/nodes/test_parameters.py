"""ROS parameters declared from a dataclass: values in, bounds enforced, unknown names refused."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
import rclpy
from rclpy.context import Context
from rclpy.exceptions import InvalidParameterValueException
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.signals import SignalHandlerOptions

from robot_rl.config.param import param
from robot_rl.core.errors import UsageError
from robot_rl.nodes.parameters import declare


@dataclass(frozen=True, kw_only=True)
class Inner:
    rate: float = param(0.5, "a rate", ge=0.0, le=1.0, unit="Hz")


@dataclass(frozen=True, kw_only=True)
class Outer:
    name: str = param("a", "a name", choices=("a", "b"))
    count: int = param(3, "a count", ge=1)
    cameras: tuple[str, ...] = param((), "names")
    inner: Inner = param(Inner(), "nested")


@pytest.fixture
def make(free_domain: int) -> Iterator[Callable[..., Node]]:
    context = Context()
    rclpy.init(context=context, domain_id=free_domain, signal_handler_options=SignalHandlerOptions.NO)
    nodes = []

    def make(**overrides: object) -> Node:
        given = [Parameter(name.replace("__", "."), value=value) for name, value in overrides.items()]
        nodes.append(Node("subject", context=context, parameter_overrides=given))
        return nodes[-1]

    yield make
    for node in nodes:
        node.destroy_node()
    rclpy.try_shutdown(context=context)


def test_defaults_are_those_of_the_dataclass(make: Callable[..., Node]) -> None:
    assert declare(make(), Outer) == Outer()


def test_given_values_come_through_nested_ones_with_dots(make: Callable[..., Node]) -> None:
    config = declare(make(name="b", count=5, cameras=["x", "y"], inner__rate=0.25), Outer)
    assert config == Outer(name="b", count=5, cameras=("x", "y"), inner=Inner(rate=0.25))


def test_an_unknown_name_is_refused_with_the_nearest_known_one(make: Callable[..., Node]) -> None:
    with pytest.raises(UsageError, match=r"'inner\.rat'.*did you mean 'inner\.rate'"):
        declare(make(inner__rat=0.25), Outer)


def test_a_value_that_is_no_choice_is_refused(make: Callable[..., Node]) -> None:
    with pytest.raises(UsageError, match="'c'.*not one of a, b"):
        declare(make(name="c"), Outer)


def test_ros_itself_enforces_the_bounds(make: Callable[..., Node]) -> None:
    with pytest.raises(InvalidParameterValueException):
        declare(make(inner__rate=2.0), Outer)


def test_every_parameter_describes_itself_and_is_fixed_while_the_node_runs(make: Callable[..., Node]) -> None:
    node = make()
    declare(node, Outer)
    descriptor = node.describe_parameter("inner.rate")
    assert descriptor.description == "a rate [Hz]" and descriptor.read_only
    assert descriptor.floating_point_range[0].to_value == 1.0
    assert not node.set_parameters([Parameter("count", value=4)])[0].successful
