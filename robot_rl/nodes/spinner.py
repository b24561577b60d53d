"""A lean single-threaded spin loop: the wait set is built once, and each message costs one wake-up.

rclpy's own executor builds a wait set of every entity (quality-of-service events included) for each message and wakes
itself twice more per callback: about 0.3 ms of processor time a message, which at 100 Hz through six nodes is what a
learner on a small machine needs. Here a wake-up serves all that is ready. Everything else an executor does (events,
tasks, entities made later) is left to rclpy's executor, which gets a turn every HOUSEKEEPING_S.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from rclpy.executors import SingleThreadedExecutor
from rclpy.impl.implementation_singleton import rclpy_implementation as _rclpy
from rclpy.node import Node

HOUSEKEEPING_S = 1.0
MAX_TAKE = 100
"""Messages of one subscription served before the others get their turn."""


class Spinner:
    """Serves the subscriptions, timers, clients and services of one node in the calling thread."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(node)
        self._housekeeping = 0.0

    def spin(self, until: Callable[[], bool], period_s: float = 0.1) -> None:
        """Serve callbacks until `until()` is true; it is asked after each wake-up and at least every `period_s`."""
        while not until():
            if time.monotonic() >= self._housekeeping:
                self._housekeeping = time.monotonic() + HOUSEKEEPING_S
                self._executor.spin_once(timeout_sec=0.0)
                self._gather()
            self._wait(round(period_s * 1e9))

    def _gather(self) -> None:
        node = self._node
        self._subscriptions = {s.handle.pointer: s for s in node.subscriptions}
        self._timers = {t.handle.pointer: t for t in node.timers}
        self._clients = {c.handle.pointer: c for c in node.clients}
        self._services = {s.handle.pointer: s for s in node.services}
        counts = (len(self._subscriptions), 0, len(self._timers), len(self._clients), len(self._services), 0)
        self._wait_set = _rclpy.WaitSet(*counts, node.context.handle)

    def _wait(self, timeout_ns: int) -> None:
        waiting = self._wait_set
        waiting.clear_entities()
        for subscription in self._subscriptions.values():
            waiting.add_subscription(subscription.handle)
        for timer in self._timers.values():
            waiting.add_timer(timer.handle)
        for client in self._clients.values():
            waiting.add_client(client.handle)
        for service in self._services.values():
            waiting.add_service(service.handle)
        waiting.wait(timeout_ns)
        ready = {kind: waiting.get_ready_entities(kind) for kind in ("subscription", "timer", "client", "service")}
        for pointer in ready["timer"]:
            _serve_timer(self._timers[pointer])
        for pointer in ready["subscription"]:
            _serve_subscription(self._subscriptions[pointer])
        for pointer in ready["client"]:
            _serve_client(self._clients[pointer])
        for pointer in ready["service"]:
            _serve_service(self._services[pointer])


def _serve_timer(timer: Any) -> None:
    if timer.handle.is_timer_ready():
        timer.handle.call_timer()
        timer.callback()


def _serve_subscription(subscription: Any) -> None:
    for _ in range(MAX_TAKE):
        with subscription.handle:
            taken = subscription.handle.take_message(subscription.msg_type, subscription.raw)
        if taken is None:
            return
        subscription.callback(taken[0])


def _serve_client(client: Any) -> None:
    with client.handle:
        header, response = client.handle.take_response(client.srv_type.Response)
    if header is None:
        return
    try:
        future = client.get_pending_request(header.request_id.sequence_number)
    except KeyError:
        return
    future.set_result(response)


def _serve_service(service: Any) -> None:
    with service.handle:
        request, header = service.handle.service_take_request(service.srv_type.Request)
    if header is not None:
        service.send_response(service.callback(request, service.srv_type.Response()), header)
