"""A supervisor over dummy nodes, run as a program: `dummy_graph.py DIRECTORY '{"name": {...node...}, ...}'`.

Every node notes what happens to it as lines 'name event' in DIRECTORY/events. `do` is what it does: 'run' until
SIGINT, 'deaf' ignores SIGINT and SIGTERM, 'child' runs with a child of its own that is deaf, 'exit N' ends with N.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path


def note(name: str, event: str, directory: Path) -> None:
    with (directory / "events").open("a") as file:
        file.write(f"{name} {event}\n")


def node(name: str, do: str, directory: Path) -> None:
    asked: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, frame: asked.append(number))
    note(name, f"start {os.getpid()}", directory)
    if do.startswith("exit"):
        print("[ERROR] [1.5] [x]: something is wrong", file=sys.stderr)
        sys.exit(int(do.split()[1]))
    if do == "child":
        subprocess.Popen([sys.executable, "-I", "-S", __file__, "node", name + "_child", "deaf", str(directory)])
    while do == "deaf" or not asked:
        time.sleep(0.01)
    note(name, signal.Signals(asked[0]).name, directory)
    time.sleep(0.1)
    note(name, "end", directory)
    sys.exit(int(os.environ.get("ROBOT_RL_SIGNALLED", "0")))


def graph(directory: Path, nodes: dict[str, dict]) -> int:
    from robot_rl.cli.console import Console
    from robot_rl.cli.supervisor import Interrupts, Supervisor
    from robot_rl.core.lock import take
    from robot_rl.graph.model import Graph, NodeSpec
    from robot_rl.graph.params_file import write_params

    does = {name: fields.pop("do", "run") for name, fields in nodes.items()}
    specs = [NodeSpec(name=name, executable=name, **fields) for name, fields in nodes.items()]

    def command(graph: Graph, spec: NodeSpec, params: Path) -> list[str]:
        return [sys.executable, "-I", "-S", __file__, "node", spec.name, does[spec.name], str(directory)]

    lock = take(directory / "lock", "taken")
    with Interrupts() as interrupts:
        dummy = Graph(name="dummy", nodes=tuple(specs), arguments={})
        params = write_params(dummy, directory / "log" / "params")
        return Supervisor(dummy, params, directory / "log", interrupts, Console(), command, (lock.fileno(),)).run()


if __name__ == "__main__":
    if sys.argv[1] == "node":
        node(sys.argv[2], sys.argv[3], Path(sys.argv[4]))
    sys.exit(graph(Path(sys.argv[1]), json.loads(sys.argv[2])))
