"""Arguments to commands, errors to sentences and exit codes: 0 done, 1 refused or failed, 2 wrong usage."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import traceback
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pellucid import __version__, paths
from pellucid.cli import (
    anonymise,
    apply,
    batch,
    compare,
    convert,
    features,
    index,
    info,
    operations,
    pacs,
    recipes,
    register,
    report,
    scan,
    stats,
    surface,
)
from pellucid.cli import run as run_recipe
from pellucid.files.limits import trust
from pellucid.model.findings import Refused

if TYPE_CHECKING:
    from pellucid.operations.operation import Operation

_MODULES = {
    "scan": scan,
    "index": index,
    "info": info,
    "convert": convert,
    "operations": operations,
    "apply": apply,
    "recipes": recipes,
    "run": run_recipe,
    "batch": batch,
    "stats": stats,
    "surface": surface,
    "compare": compare,
    "features": features,
    "register": register,
    "anonymise": anonymise,
    "pacs": pacs,
}
_OPENING = frozenset({"scan", "info", "convert", "apply", "run", "stats", "surface", "compare", "features", "register"})
"""Commands that open what they are given and can be told to open it although it would grow without measure."""
COMMANDS = (*_MODULES, "view")
STOPPED = 130


def run(argv: Sequence[str]) -> int:
    """Run one command and return its exit code; never raises and never shows a traceback."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # libraries quote values of files in their warnings; findings say it better
        _quiet_libraries()
        try:
            return _dispatch(list(argv))
        except Refused as refusal:
            report.complain(str(refusal))
        except KeyboardInterrupt:
            report.complain("Stopped.")
            return STOPPED
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nothing is left to flush at exit
        except MemoryError:
            report.complain("This needs more memory than there is. Close other programs or take a smaller part.")
        except Exception as error:
            report.complain(_unexpected(error))
    return 1


def parser(operation: Operation | None = None) -> argparse.ArgumentParser:
    """Return the parser of all commands; the arguments of ``apply`` depend on the operation."""
    top = argparse.ArgumentParser(
        "pellucid",
        description="A workbench for medical images. Without a command the window opens on the paths given.",
        epilog="Exit codes: 0 done, 1 refused or failed with a sentence on stderr, 2 wrong usage.",
    )
    top.add_argument("--version", action="version", version=f"Pellucid {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, module in _MODULES.items():
        command = commands.add_parser(name, help=module.SUMMARY, description=module.__doc__)
        if name == "apply":
            apply.add_arguments(command, operation)
        else:
            module.add_arguments(command)
        if name in _OPENING:
            command.add_argument("--accept-growth", action="store_true",
                                 help="open even what would grow without measure when it is unpacked")  # fmt: skip
    commands.add_parser("view", help="open images in the window, or write a picture of it", add_help=False)
    return top


def _dispatch(argv: list[str]) -> int:
    declared = apply.declared(argv[1:]) if argv[:1] == ["apply"] else None
    try:
        options = parser(declared).parse_args(report.join_negative_values(argv))
    except SystemExit as leaving:  # argparse has said what is wrong
        return int(leaving.code or 0)
    if getattr(options, "accept_growth", False):
        for value in vars(options).values():
            for path in value if isinstance(value, list) else [value]:
                if isinstance(path, Path):
                    trust(path)
    return int(_MODULES[options.command].run(options))


def _quiet_libraries() -> None:
    """Keep log lines, which may quote files, off the terminal."""
    root = logging.getLogger()
    if not root.handlers:
        root.addHandler(logging.NullHandler())


def _unexpected(error: Exception) -> str:
    """Log where an unforeseen error arose, not its text, which may quote a patient, and say so."""
    what = type(error).__name__
    try:
        log = paths.log_dir() / "pellucid.log"
        with log.open("a", encoding="utf-8") as stream:
            stream.write(f"{what}\n{''.join(traceback.format_tb(error.__traceback__))}\n")
    except OSError:
        return f"Something went wrong inside Pellucid ({what}); the log could not be written."
    return f"Something went wrong inside Pellucid ({what}). Where it happened is noted in {log}."
