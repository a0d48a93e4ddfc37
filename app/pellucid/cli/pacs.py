"""Ask a PACS or DICOMweb server, fetch from it, or send to it.

NODE is a server of the settings by its name, TITLE@host:port, or the address of a DICOMweb server. A password or token
comes from the environment variable PELLUCID_PASSWORD, else from what was remembered, else it is asked for.
"""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pellucid import paths
from pellucid.cli import report
from pellucid.model.findings import Refused
from pellucid.settings import Settings

if TYPE_CHECKING:
    from pellucid.network.nodes import Node
    from pellucid.network.transfers import Progress

SUMMARY = "ask a PACS or DICOMweb server, fetch from it, send to it"
PASSWORD_VARIABLE = "PELLUCID_PASSWORD"  # noqa: S105 - its name, not a password
_LEVELS = ("patient", "study", "series", "instance")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of all four."""
    tasks = parser.add_subparsers(dest="task", metavar="echo|find|get|send", required=True)
    echo = tasks.add_parser("echo", help="is the server there, and does it let us in?")
    find = tasks.add_parser("find", help="list what it has")
    get = tasks.add_parser("get", help="fetch a study, series or instances into a folder")
    send = tasks.add_parser("send", help="send files and folders")
    for task in (echo, find, get, send):
        _add_node(task)
    find.add_argument("--level", choices=_LEVELS, default="study", help="what is listed (default: study)")
    find.add_argument("--name", default="", help="of the patient; * and ? are wildcards")
    find.add_argument("--id", default="", help="of the patient")
    find.add_argument("--accession", default="", help="accession number")
    find.add_argument("--from", dest="first", type=_day, metavar="YYYY-MM-DD", help="first day of the study")
    find.add_argument("--to", dest="last", type=_day, metavar="YYYY-MM-DD", help="last day of the study")
    find.add_argument("--modality", action="append", default=[], metavar="CT", help="may be given several times")
    find.add_argument("--description", default="", help="words in the description")
    find.add_argument("--study", default="", metavar="UID", help="whose series or instances are listed")
    find.add_argument("--series", default="", metavar="UID", help="whose instances are listed")
    find.add_argument("--limit", type=int, default=500, metavar="N", help="rows at most (default: 500)")
    find.add_argument("--json", action="store_true", help="print a JSON list")
    get.add_argument("--study", required=True, metavar="UID", help="what is fetched")
    get.add_argument("--series", action="append", default=[], metavar="UID", help="only this; may be given again")
    get.add_argument("--instance", action="append", default=[], metavar="UID", help="only this of one series")
    get.add_argument("--out", type=Path, metavar="DIR", help="where to (default: the folder of the program)")
    get.add_argument("--move", action="store_true", help="let the server send to our listener (C-MOVE)")
    get.add_argument("--port", type=int, metavar="N", help="the port of the listener, as the server knows it")
    send.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="DICOM files, or folders of them")


def _add_node(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("node", metavar="NODE", help="name in the settings, TITLE@host:port, or https://…")
    parser.add_argument("--title", default="", metavar="AET", help="our own AE title")
    parser.add_argument("--user", default="", help="user name for a DICOMweb server")
    parser.add_argument("--token", action="store_true", help="the password is a bearer token")
    parser.add_argument("--tls", action="store_true", help="encrypt the connection to TITLE@host:port")
    parser.add_argument("--authority", default="", metavar="PEM", help="certificates that are trusted")


def _day(text: str) -> date:
    try:
        return datetime.strptime(text.replace("-", ""), "%Y%m%d").date()
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day like 2026-01-31") from None


def run(options: argparse.Namespace) -> int:
    """Do what is asked for; 1 when something is missing or was not taken."""
    from pellucid.network.nodes import own_title_of

    settings = Settings.load(paths.config_dir())
    node = _node(options, settings)
    own_title = options.title or own_title_of(settings)
    common = {"own_title": own_title, "secret": _secret(node)}
    return _TASKS[options.task](node, options, common)


def _node(options: argparse.Namespace, settings: Settings) -> Node:
    from pellucid.network.nodes import WebNode, address, made, named, nodes_of

    known = nodes_of(settings)
    text = options.node
    if any(node.name == text for node in known):
        return named(known, text)
    if text.startswith(("http://", "https://")):
        auth = "bearer" if options.token else "basic" if options.user else "none"
        values = {"name": text[:80], "url": text, "auth": auth, "user": options.user, "authority": options.authority}
        return made(WebNode, values)
    if "@" in text:
        node = address(text)
        tls = node.tls.model_copy(update={"on": options.tls, "authority": options.authority})
        return node.model_copy(update={"tls": tls})
    return named(known, text)


def _secret(node: Node) -> str:
    from pellucid.network.passwords import Secrets

    if getattr(node, "auth", "none") == "none":
        return ""
    secret = os.environ.get(PASSWORD_VARIABLE) or Secrets().of(node)
    if not secret and sys.stdin is not None and sys.stdin.isatty():
        secret = getpass.getpass(f"Password or token for {node.name}: ")
    return secret


def _echo(node: Node, options: argparse.Namespace, common: dict[str, Any]) -> int:
    from pellucid.network.asking import echo

    report.show(echo(node, **common))
    return 0


def _find(node: Node, options: argparse.Namespace, common: dict[str, Any]) -> int:
    from pellucid.network.asking import find
    from pellucid.network.queries import Query

    query = Query(
        level=options.level, patient_name=options.name, patient_id=options.id, accession=options.accession,
        date_from=options.first, date_to=options.last, modalities=tuple(options.modality),
        description=options.description, study_uid=options.study, series_uid=options.series, limit=options.limit,
    )  # fmt: skip
    if options.level in ("series", "instance") and not options.study:
        raise Refused("Say of which study with --study UID; pellucid pacs find lists them.")
    if options.level == "instance" and not options.series:
        raise Refused("Say of which series with --series UID; pellucid pacs find --level series lists them.")
    answer = find(node, query, **common)
    rows = [asdict(row) for row in answer.results]
    if options.json:
        report.show_json(rows)
    else:
        for row in rows:
            report.show(_line(row))
    if answer.note:
        report.complain(answer.note)
    if answer.more:
        report.note(f"There are more than {len(rows)}. Narrow the question, or raise --limit.")
    return 1 if answer.note else 0


def _line(row: dict[str, Any]) -> str:
    """Return a row in one line, the UID last."""
    uid = row.pop("uid", "")
    patient = row.pop("patient", {})
    values = [patient.get("name", ""), patient.get("id", ""), *row.values()]
    words = (" ".join(value) if isinstance(value, (list, tuple)) else value for value in values)
    return "  ".join(str(word) for word in (*words, uid) if word not in ("", None))


def _get(node: Node, options: argparse.Namespace, common: dict[str, Any]) -> int:
    from pellucid.network.fetching import fetch
    from pellucid.network.nodes import DimseNode, listener_of
    from pellucid.network.transfers import What

    if options.instance and len(options.series) != 1:
        raise Refused("Instances are fetched from one series: name it with --series UID.")
    listener = listener_of(Settings.load(paths.config_dir()))
    if options.port:
        listener = listener.model_copy(update={"port": options.port})
    if options.move:
        if not isinstance(node, DimseNode):
            raise Refused("A DICOMweb server cannot move; leave --move out.")
        node = node.model_copy(update={"retrieve": "move"})
    what = What(options.study, tuple(options.series), tuple(options.instance))
    result = fetch(node, what, options.out, listener=listener, progress=_progress(), **common)
    _end_progress()
    report.show(str(result.folder))
    if result.sentence:
        report.complain(result.sentence)
    return 0 if result.complete else 1


def _send(node: Node, options: argparse.Namespace, common: dict[str, Any]) -> int:
    from pellucid.network.sending import send

    for path in options.paths:
        if not path.exists():
            raise Refused(f"“{path}” is not there.")
    result = send(node, options.paths, progress=_progress(), **common)
    _end_progress()
    report.show(f"{result.sent} sent")
    if result.note:
        report.note(result.note)
    for failure in result.failed:
        report.complain(failure.sentence)
    return 0 if result.complete else 1


_TASKS = {"echo": _echo, "find": _find, "get": _get, "send": _send}


def _progress() -> Any:
    """Return what shows how far it is, on a terminal only."""
    if not sys.stderr.isatty():
        return None

    def show(progress: Progress) -> None:
        total = "" if progress.total is None else f" of {progress.total}"
        sys.stderr.write(f"\r{progress.done}{total}, {progress.nbytes / 1e6:.1f} MB ")
        sys.stderr.flush()

    return show


def _end_progress() -> None:
    if sys.stderr.isatty():
        sys.stderr.write("\r\033[K")
