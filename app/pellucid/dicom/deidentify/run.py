"""De-identify a folder: survey everything, give names of our own, let workers write the copies, report.

The copies are written into a new folder beside the one asked for, which gets its name at the end: a run that was
stopped leaves nothing.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pellucid.dicom.child import Pool, default_pool
from pellucid.dicom.deidentify.identities import new_secret
from pellucid.dicom.deidentify.naming import Names
from pellucid.dicom.deidentify.plan import Plan
from pellucid.dicom.deidentify.survey import Seen, seen
from pellucid.dicom.scan import walk
from pellucid.dicom.work import run_all
from pellucid.language import tr, tr_count
from pellucid.model.findings import Refused

_LOOK = "pellucid.dicom.deidentify.survey:look"
_COPY = "pellucid.dicom.deidentify.copying:copy"
_SECONDS = 120.0
_LOOKING_SHARE = 0.2
_DIGITS = 4


@dataclass(frozen=True)
class Source:
    """A file of the input: its number in the order of the names, which says nothing, and what the survey saw."""

    number: int
    path: Path = field(repr=False)
    seen: Seen


@dataclass(frozen=True)
class LeftOut:
    """A file that was not copied, and why, as the end of a sentence; the path is for the screen, not for the report."""

    number: int
    path: Path = field(repr=False)
    reason: str


@dataclass(frozen=True)
class Survey:
    """Everything found: what can be copied, what is left out, how many files are no DICOM."""

    sources: tuple[Source, ...]
    left_out: tuple[LeftOut, ...]
    others: int
    secret: str = field(repr=False)


@dataclass(frozen=True)
class Copied:
    """A copy: its path below the folder of the copies, and what was done, attribute by attribute."""

    source: Source
    name: str
    changes: tuple[tuple[str, str, str, int], ...]
    """(path of tags, name of the attribute, action, how often)."""
    blackened: int
    left: int


@dataclass(frozen=True)
class Outcome:
    """What a run did."""

    plan: Plan
    copied: tuple[Copied, ...]
    left_out: tuple[LeftOut, ...]
    others: int
    codes: Mapping[str, str] = field(repr=False)
    """Codes by patient ID: identities, for a key file only if the user asks for one."""


def survey(
    paths: Iterable[Path],
    *,
    pool: Pool | None = None,
    progress: Callable[[float], None] = lambda _: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Survey:
    """Look at all files below the paths; nothing is written. Raises child.Cancelled when told to stop."""
    files = list(enumerate(sorted(walk(paths, cancelled)), 1))
    ask, secret = _Asker(pool or default_pool(), cancelled), new_secret()
    answers: dict[int, dict[str, Any]] = {}

    def one(item: tuple[int, Path]) -> None:
        answers[item[0]] = ask(_LOOK, {"path": str(item[1]), "secret": secret})

    run_all(one, files, progress, cancelled)
    sources, left_out, others = [], [], 0
    for number, path in files:
        answer = answers[number]
        if "refused" in answer:
            left_out.append(LeftOut(number, path, answer["refused"]))
        elif "other" in answer:
            others += 1
        else:
            sources.append(Source(number, path, seen(answer)))
    return Survey(tuple(sources), tuple(left_out), others, secret)


def deidentify_folder(
    paths: Iterable[Path],
    folder: Path,
    plan: Plan,
    *,
    pool: Pool | None = None,
    known: Survey | None = None,
    progress: Callable[[float], None] = lambda _: None,
    cancelled: Callable[[], bool] = lambda: False,
    commit: Callable[[], object] = lambda: None,
) -> Outcome:
    """Write de-identified copies of all DICOM below the paths into a new folder; return what was done.

    Raises Refused when the folder is there and not empty, or lies where the originals are, and when there is
    nothing to copy; child.Cancelled when told to stop. Nothing is left behind then. ``commit`` is called before the
    folder gets its name and may raise, too.
    """
    paths = [Path(path) for path in paths]
    check_place(paths, folder)
    found = known or survey(paths, pool=pool, progress=lambda f: progress(f * _LOOKING_SHARE), cancelled=cancelled)
    if not found.sources:
        raise Refused(nothing_found(found))
    names = Names(found.sources, plan)
    staging = folder.with_name(f".pellucid-{new_secret()[:16]}.part")
    staging.mkdir(mode=0o700, parents=True)
    try:
        rest = 1.0 - _LOOKING_SHARE
        copied, failed = _copy_all(found, names, staging, plan, _Asker(pool or default_pool(), cancelled),
                                   lambda f: progress(_LOOKING_SHARE + f * rest), cancelled)  # fmt: skip
        if copied:
            commit()
            if folder.is_dir():
                folder.rmdir()
            staging.rename(folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    left_out = tuple(sorted((*found.left_out, *failed), key=lambda one: one.number))
    return Outcome(plan, copied, left_out, found.others, names.codes)


def preview(source: Source, found: Survey, plan: Plan, *, pool: Pool | None = None) -> Copied:
    """Return what would be done to one file, with nothing written."""
    names = Names(found.sources, plan)
    answer, _ = (pool or default_pool()).call(_COPY, _payload(source, found, names, plan, None), deadline=_SECONDS)
    return _copied(source, names, answer)


def check_place(paths: Iterable[Path], folder: Path) -> None:
    """Raise Refused where copies must not go: into what is read, or over something.

    Beside one file that is read, a folder that is not there yet is in nobody's way.
    """
    paths, target = list(paths), folder.resolve()
    beside = len(paths) == 1 and paths[0].is_file() and not folder.exists()
    for path in paths:
        origin = path.resolve()
        if not origin.exists():
            raise Refused(tr("“{path}” is not there.", path=path))
        home = origin if origin.is_dir() or beside else origin.parent
        if target == home or home in target.parents or target in home.parents:
            raise Refused(tr("Copies are never written where the originals are. Choose another folder."))
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Refused(tr("The folder for the copies is not empty. Choose one that is new or empty."))


def nothing_found(found: Survey) -> str:
    """Say why nothing can be copied."""
    if found.left_out:
        count, reason = len(found.left_out), found.left_out[0].reason
        return tr_count("Nothing was copied: {count} file was left out: {reason}.",
                        "Nothing was copied: {count} files were left out. The first: {reason}.", count,
                        reason=reason)  # fmt: skip
    return tr("There is no DICOM here.")


def _copy_all(
    found: Survey, names: Names, staging: Path, plan: Plan, ask: _Asker,
    progress: Callable[[float], None], cancelled: Callable[[], bool],
) -> tuple[tuple[Copied, ...], list[LeftOut]]:  # fmt: skip
    copied: list[Copied] = []
    failed: list[LeftOut] = []

    def one(source: Source) -> None:
        target = staging / names.of(source)
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        answer = ask(_COPY, _payload(source, found, names, plan, target))
        if "refused" in answer:
            failed.append(LeftOut(source.number, source.path, answer["refused"]))
        else:
            copied.append(_copied(source, names, answer))

    run_all(one, found.sources, progress, cancelled)
    return tuple(sorted(copied, key=lambda one: one.source.number)), failed


def _payload(source: Source, found: Survey, names: Names, plan: Plan, target: Path | None) -> dict[str, Any]:
    return {
        "path": str(source.path), "target": "" if target is None else str(target), "plan": plan.to_json(),
        "secret": found.secret, "code": names.code(source.seen),
        "rectangles": [list(one) for one in plan.rectangles(names.series(source.seen))],
    }  # fmt: skip


def _copied(source: Source, names: Names, answer: Mapping[str, Any]) -> Copied:
    changes = tuple((where, name, action, count) for where, name, action, count in answer["changes"])
    return Copied(source, names.of(source), changes, answer["blackened"], answer["left"])


class _Asker:
    """Ask a worker about one file; a refusal is an answer, and never names the file."""

    def __init__(self, pool: Pool, cancelled: Callable[[], bool]) -> None:
        self._pool, self._cancelled, self._lock = pool, cancelled, threading.Lock()

    def __call__(self, function: str, payload: dict[str, Any]) -> dict[str, Any]:
        try:
            answer, _ = self._pool.call(function, payload, deadline=_SECONDS, cancelled=self._cancelled)
        except Refused as refusal:
            return {"refused": _nameless(str(refusal), Path(payload["path"]))}
        return answer


def _nameless(sentence: str, path: Path) -> str:
    """Return a sentence without the name of the file, which may be that of the patient."""
    return sentence if path.name not in sentence else tr("it is damaged and could not be read")
