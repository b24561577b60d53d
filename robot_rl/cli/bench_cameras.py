"""`robot-rl bench cameras`: two cameras of 640x480 at 30 Hz through the running graph, raw and policy images.

The graph of demonstrations runs as on a robot, with camera nodes that play a test pattern (or a file), and one more
process receives the raw images as a node of the graph would. Once with the shipped transport profile and once without:
`lost` are images that were published and did not arrive, latencies are from capture over publishing to arrival,
`cpu_percent` is what each process took of one processor.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from robot_rl.bench.cameras import COMPLETE, camera_figures
from robot_rl.cli.live_graph import LiveGraph, held
from robot_rl.cli.options import add_graph_options, graph_options
from robot_rl.core.errors import RobotRLError, UsageError
from robot_rl.graph import build
from robot_rl.graph.model import Graph, NodeSpec

PROFILE = "FASTRTPS_DEFAULT_PROFILES_FILE"
CAMERAS = ("wrist", "front")
SETTLE_S, WAIT_S = 1.0, 60.0
NO_MONITOR = ("monitor",)


def add_parser(benches: Any) -> None:
    """Add `bench cameras`."""
    parser = benches.add_parser(
        "cameras", help="two cameras through the graph: loss, latency, load", description=__doc__
    )
    parser.add_argument("--seconds", type=float, default=20.0, metavar="S", help="time to measure each (default: 20)")
    parser.add_argument("--device", default="", metavar="PATH", help="image, folder or video instead of the pattern")
    parser.add_argument("--fps", type=float, default=30.0, metavar="HZ", help="rate of the cameras (default: 30)")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    add_graph_options(parser, "demo", "domain")
    parser.set_defaults(handler=bench_cameras)


def bench_cameras(args: argparse.Namespace) -> int:
    """Measure and print; exit code 1 where an image was lost with the shipped profile."""
    if args.seconds <= 0.0:
        raise UsageError(f"--seconds is {args.seconds:g}: give more than 0.")
    figures = {}
    with tempfile.TemporaryDirectory(prefix="robot_rl_bench_") as folder:
        for profile in (True, False):
            name = "shipped_profile" if profile else "no_profile"
            figures[name] = _measure(args, Path(folder, name), profile)
            if not args.json:
                print(name, *(f"\n  {what}: {value}" for what, value in figures[name].items()))
    if args.json:
        print(json.dumps(figures))
    return int(any(figures["shipped_profile"][camera]["lost"] for camera in CAMERAS))


def camera_graph(args: argparse.Namespace, folder: Path, profile: bool) -> Graph:
    """The demonstration graph with two camera nodes and the witness, with or without the shipped profile."""
    folder.mkdir()
    driver = {"driver": "file", "device": str(Path(args.device).absolute())} if args.device else {"driver": "pattern"}
    shared = {**driver, "fps": args.fps, "raw": True, "width": 640, "height": 480, "black_s": 0.0}
    own = {f"camera_{name}": {"timing_file": str(folder / f"{name}.npy")} for name in CAMERAS}
    config = folder / "cameras.yaml"
    config.write_text(yaml.safe_dump({"/**": {"cameras": list(CAMERAS)}, "camera": shared, **own}))
    given = {"sim": "false", "config": str(config), "run": str(folder / "run"), **graph_options(args, "domain")}
    graph = build("demo", given)
    topics = [f"camera/{name}/raw/image" for name in CAMERAS]
    watched = {"topics": topics, "file": str(folder / "received.npy")}
    nodes = [node for node in graph.nodes if node.name not in NO_MONITOR]
    nodes.append(NodeSpec(name="image_witness", executable="image_witness", parameters=watched, stop_order=6))
    defaults = {name: value for name, value in graph.defaults.items() if profile or name != PROFILE}
    return replace(graph, nodes=tuple(nodes), defaults=defaults)


def _measure(args: argparse.Namespace, folder: Path, profile: bool) -> dict[str, Any]:
    graph = camera_graph(args, folder, profile)
    if not profile:
        os.environ.pop(PROFILE, None)
    with held(graph):
        live = LiveGraph(graph)
        try:
            return _observe(live, folder, args.seconds)
        finally:
            live.close()


def _observe(live: LiveGraph, folder: Path, seconds: float) -> dict[str, Any]:
    live.start_all()
    _wait_for_images(live)
    since_ns, before = time.time_ns(), live.processor_s()
    time.sleep(seconds)
    until_ns, after = time.time_ns(), live.processor_s()
    gone = live.ended()
    if gone:
        raise RobotRLError(f"{', '.join(gone)} ended meanwhile: try again with 'robot-rl launch demo sim:=false'.")
    time.sleep(0.5)
    for name in (*(f"camera_{camera}" for camera in CAMERAS), "image_witness"):
        live.end(name, WAIT_S)
    received = np.load(folder / "received.npy")
    figures: dict[str, Any] = {}
    for number, name in enumerate(CAMERAS):
        arrived = received[received[:, 0] == number, 1:]
        figures[name] = camera_figures(np.load(folder / f"{name}.npy"), arrived, since_ns, until_ns)
    return {**figures, "cpu_percent": shares(before, after, (until_ns - since_ns) * 1e-9)}


def _wait_for_images(live: LiveGraph) -> None:
    """Until the witness hears both cameras, and a little longer; RobotRLError where it does not come to that."""
    deadline, log = time.monotonic() + WAIT_S, live.log("image_witness")
    while COMPLETE not in log.read_text():
        if time.monotonic() > deadline or live.ended():
            gone = [f"{name}: {live.log(name).read_text().strip()[-300:]}" for name in live.ended()]
            raise RobotRLError(f"no images came within {WAIT_S:g} s; {'; '.join(gone) or 'end other programs'}.")
        time.sleep(0.05)
    time.sleep(SETTLE_S)


def shares(before: Mapping[str, float], after: Mapping[str, float], span_s: float) -> dict[str, float]:
    """Processor time [% of one] that each process took between two readings [s], `span_s` apart."""
    return {name: round(100.0 * (after[name] - before[name]) / span_s, 1) for name in after if name in before}
