"""``pellucid`` and ``python -m pellucid``: commands go to ``cli``, paths and ``view`` to the window."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from pellucid.dicom.dumps import leave_none

_HELP = "Start it with packaging/run.sh, which installs what is missing."


def main(argv: Sequence[str] | None = None) -> int:
    """Run what the arguments say and return the exit code: 0 done, 1 refused or failed, 2 wrong usage."""
    leave_none()
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:1] == ["--child"]:  # a frozen program starts its decoder processes by its own name
        from pellucid.dicom.worker import main as decode

        return decode(arguments[1:])
    if arguments[:1] == ["--agent"]:  # so are those that speak to other machines
        from pellucid.network.agent import main as speak

        return speak(arguments[1:])
    if getattr(sys, "frozen", False):  # so are the processes of a batch
        import multiprocessing

        multiprocessing.freeze_support()
    if arguments[:1] == ["view"]:
        return window(arguments[1:])
    if _opens_window(arguments):
        return window(arguments)
    from pellucid.cli import run

    return run(arguments)


def window(argv: Sequence[str] | None = None) -> int:
    """Open the window on the paths in the arguments."""
    leave_none()
    try:
        from pellucid.main import run_window
    except ImportError as error:
        sys.stderr.write(f"pellucid: The window needs Qt, which cannot be loaded: {error}. {_HELP}\n")
        return 1
    try:
        return run_window(list(sys.argv[1:] if argv is None else argv))
    except SystemExit as leaving:  # argparse has said what is wrong
        return int(leaving.code or 0)


def _opens_window(arguments: list[str]) -> bool:
    """Return whether the arguments are paths or options of the window: not a command, not a mistyped one."""
    if not arguments:
        return True
    first = arguments[0]
    if first.startswith("-"):
        return first not in ("-h", "--help", "--version")
    from pellucid.cli import COMMANDS

    if first in COMMANDS:
        return False
    return Path(first).exists() or any(mark in first for mark in "/\\.")


if __name__ == "__main__":
    sys.exit(main())
