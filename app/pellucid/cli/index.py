"""The study database without a window: add folders, update them, search, and take folders out again.

The database is the one the window uses, in the user's private folder. Nothing here deletes or changes an image file.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pellucid.cli import report
from pellucid.model.findings import Refused

if TYPE_CHECKING:
    from pellucid.database.rows import Root, StudyRow
    from pellucid.database.store import Store

SUMMARY = "keep and search the database of studies in your folders"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    add = actions.add_parser("add", help="add a folder and look through it")
    add.add_argument("path", type=Path, metavar="FOLDER")
    listed = actions.add_parser("list", help="list the folders")
    search = actions.add_parser("search", help="find studies")
    search.add_argument("words", nargs="*", metavar="WORD",
                        help="of names, IDs, descriptions; name:doe, modality:CT, 2024-03, 2023..2024")  # fmt: skip
    search.add_argument("--limit", type=int, default=500, metavar="N", help="so many of the newest (default: 500)")
    search.add_argument("--series", action="store_true", help="list the series of every study, too")
    update = actions.add_parser("update", help="look through folders again")
    update.add_argument("path", type=Path, nargs="?", metavar="FOLDER", help="one folder; without it all")
    remove = actions.add_parser("remove", help="take a folder out of the database; its files stay")
    remove.add_argument("path", type=Path, metavar="FOLDER")
    for one in (listed, search):
        one.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    """Do one thing with the database."""
    from pellucid.database.store import Store

    store = Store()
    try:
        _ACTIONS[options.action](store, options)
    finally:
        if store.said:
            report.complain(store.said)
        store.close()
    return 0


def _add(store: Store, options: argparse.Namespace) -> None:
    _look_through(store, store.add_root(options.path))


def _update(store: Store, options: argparse.Namespace) -> None:
    roots = store.roots() if options.path is None else (_root(store, options.path),)
    if not roots:
        raise Refused("The study database is empty. Add a folder with: pellucid index add FOLDER")
    for root in roots:
        _look_through(store, root)


def _look_through(store: Store, root: Root) -> None:
    from pellucid.database.indexing import update

    found = update(store, root)
    if found.offline:
        report.complain(f"“{root.path}” cannot be reached; what is known of it stays.")
        return
    counts = f"{found.seen:,} files, {found.read:,} read, {found.moved:,} moved, {found.gone:,} missing"
    report.show(f"{root.path}  {counts}")


def _remove(store: Store, options: argparse.Namespace) -> None:
    from pellucid.database.removing import remove_root

    root = _root(store, options.path)
    remove_root(store, root.id)
    report.show(f"{root.path} was taken out; its files were not touched.")


def _root(store: Store, path: Path) -> Root:
    for root in store.roots():
        if root.path == path.absolute():
            return root
    raise Refused(f"“{path}” is not in the study database. List its folders with: pellucid index list")


def _list(store: Store, options: argparse.Namespace) -> None:
    roots = store.roots()
    if options.json:
        report.show_json([
            {"path": str(root.path), "files": root.files, "missing": root.missing, "offline": root.offline,
             "updated": root.updated} for root in roots
        ])  # fmt: skip
        return
    for root in roots:
        state = "cannot be reached" if root.offline else f"{root.files:,} files, {root.missing:,} missing"
        report.show(f"{root.path}  {state}")
    if not roots:
        report.complain("The study database is empty. Add a folder with: pellucid index add FOLDER")


def _search(store: Store, options: argparse.Namespace) -> None:
    from pellucid.database.asking import question
    from pellucid.database.searching import search

    if not store.exists:
        raise Refused("The study database is empty. Add a folder with: pellucid index add FOLDER")
    found = search(store, question(" ".join(options.words)), max(options.limit, 1))
    if options.json:
        report.show_json([_study(store, row, options.series) for row in found.rows])
    else:
        for row in found.rows:
            report.show(_line(row))
            for series in _series(store, row) if options.series else ():
                report.show(f"     {series['modality']}  {series['description']}  {series['files']} files")
    if found.more:
        report.complain(f"Only the newest {len(found.rows):,} studies are listed; see --limit.")


def _line(row: StudyRow) -> str:
    kinds, files = ",".join(row.modalities), f"{row.files} files"
    about = (row.date, row.patient_name, row.patient_id, row.description, kinds, files)
    return "  ".join(part for part in about if part)


def _study(store: Store, row: StudyRow, with_series: bool) -> dict[str, Any]:
    shown = {
        "study_uid": row.uid, "patient_name": row.patient_name, "patient_id": row.patient_id, "date": row.date,
        "description": row.description, "accession": row.accession, "modalities": list(row.modalities),
        "files": row.files, "missing": row.missing,
    }  # fmt: skip
    return shown | ({"series": _series(store, row)} if with_series else {})


def _series(store: Store, row: StudyRow) -> list[dict[str, Any]]:
    from pellucid.database.searching import series_of

    return [
        {"modality": one.modality, "description": one.description, "number": one.number, "files": one.files,
         "missing": one.missing} for one in series_of(store, row.key)
    ]  # fmt: skip


_ACTIONS = {"add": _add, "list": _list, "search": _search, "update": _update, "remove": _remove}
