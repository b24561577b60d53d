"""Processes that start in milliseconds: `zygote.py FILE` imports FILE once and forks a child for each life asked for.

It answers lines on its standard input: `start ARGUMENTS-AS-JSON` forks a child that ends with what FILE's
`life(*arguments)` returns, and prints `started PID`; `poll PID` prints `ended CODE` or `runs`. Children share the
standard output for what they acknowledge. The zygote alone reaps them, so a PID means no other process before `ended`
has been printed. What is left of them is killed when the input ends.
"""

import contextlib
import json
import os
import runpy
import signal
import sys
import traceback

living: set[int] = set()


def serve(life) -> None:
    for line in iter(sys.stdin.readline, ""):
        word, _, rest = line.partition(" ")
        if word == "poll":
            say(poll(int(rest)))
        elif pid := os.fork():
            living.add(pid)
            say(f"started {pid}")
        else:
            live(life, json.loads(rest))
    for pid in living:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def poll(pid: int) -> str:
    ended, status = os.waitpid(pid, os.WNOHANG)
    living.discard(ended)
    return f"ended {os.waitstatus_to_exitcode(status)}" if ended else "runs"


def say(line: str) -> None:
    os.write(1, f"{line}\n".encode())


def live(life, arguments: list) -> None:
    code = 1
    try:
        sys.stdin.close()
        code = life(*arguments) or 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


if __name__ == "__main__":
    serve(runpy.run_path(sys.argv[1])["life"])
