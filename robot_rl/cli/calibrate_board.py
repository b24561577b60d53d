"""`robot-rl calibrate board`: boards to print."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

PAPERS = ("a4", "a3", "letter")


def add_parser(commands: Any) -> None:
    """Add `calibrate board`."""
    parser = commands.add_parser("board", help="write a board as PDF and PNG to print", description=__doc__)
    parser.add_argument(
        "board", nargs="?", metavar="BOARD", help="name in calibration/boards, or YAML file; none: list"
    )
    parser.add_argument("--out", metavar="FILE", help="file ending in .pdf or .png (default: BOARD.pdf here)")
    parser.add_argument("--paper", choices=PAPERS, default="a4", help="paper of the PDF, landscape (default: a4)")
    parser.add_argument("--dpi", type=int, default=300, help="resolution of the PNG (default: 300)")
    parser.set_defaults(handler=board)


def board(args: argparse.Namespace) -> int:
    """Write the picture, or list the boards there are."""
    from robot_rl.calibration.board import load_board, shipped_boards
    from robot_rl.calibration.printing import write_pdf, write_png
    from robot_rl.core.errors import UsageError

    if not args.board:
        for name in shipped_boards():
            print(load_board(name))
        return 0
    found = load_board(args.board)
    path = Path(args.out or f"{found.name}.pdf")
    if path.suffix not in (".pdf", ".png"):
        raise UsageError(f"--out is '{path}': give a file ending in .pdf or .png.")
    if not path.parent.is_dir():
        raise UsageError(f"--out is in '{path.parent}', which is no folder: make it, or name another.")
    if path.suffix == ".pdf":
        write_pdf(found, path, args.paper)
    else:
        write_png(found, path, args.dpi)
    print(f"{path}: {found}. Print at 100 %, glue it to something flat, measure a square and correct the YAML file.")
    return 0
