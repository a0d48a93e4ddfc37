"""Instances that are there twice (H09): copies are dropped, different files with one identity never."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from pellucid.dicom.records import FileRecord
from pellucid.language import tr_count
from pellucid.model.findings import Finding

CONFLICT = "conflicting-duplicate"
"""The code of the finding that says: there are versions that contradict each other."""


def suspects(records: Sequence[FileRecord]) -> list[FileRecord]:
    """Return the files that share their SOP Instance UID with another file: their digests are needed."""
    by_uid = _by_uid(records)
    return [record for files in by_uid.values() if len(files) > 1 for record in files]


def without_duplicates(
    records: Sequence[FileRecord], digests: Mapping[str, str]
) -> tuple[list[tuple[FileRecord, int]], list[Finding]]:
    """Return the files to use, each with the number of the copy it belongs to, and findings.

    Files with one UID but different contents go to different copies (0, 1, …); files that exist once belong
    to all of them, which is said by copy -1 when there are conflicts.
    """
    kept: list[tuple[FileRecord, int]] = []
    dropped: list[FileRecord] = []
    versions_of: list[list[FileRecord]] = []
    for files in _by_uid(records).values():
        versions: dict[str, FileRecord] = {}
        for record in files:
            digest = digests.get(record.path, record.path) if len(files) > 1 else ""
            if digest in versions:
                dropped.append(record)
            else:
                versions[digest] = record
        versions_of.append(list(versions.values()))
    conflicts = [copies for copies in versions_of if len(copies) > 1]
    for copies in versions_of:
        if len(copies) > 1:
            kept += [(record, copy) for copy, record in enumerate(copies)]
        else:
            kept.append((copies[0], -1 if conflicts else 0))
    return kept, [*_dropped_finding(dropped), *_conflict_finding(conflicts)]


def _by_uid(records: Sequence[FileRecord]) -> dict[str, list[FileRecord]]:
    by_uid: dict[str, list[FileRecord]] = {}
    for record in records:
        by_uid.setdefault(record.sop_uid or record.path, []).append(record)
    return by_uid


def _dropped_finding(dropped: list[FileRecord]) -> list[Finding]:
    if not dropped:
        return []
    message = tr_count(
        "One file is an exact copy of another and was left out (the first is {name}).",
        "{count} files are exact copies of others and were left out (the first is {name}).",
        len(dropped),
        name=Path(dropped[0].path).name,
    )
    return [Finding("duplicate-instance", message, "info")]


def _conflict_finding(conflicts: list[list[FileRecord]]) -> list[Finding]:
    if not conflicts:
        return []
    names = ", ".join(Path(record.path).name for record in conflicts[0][:2])
    message = tr_count(
        "One image exists in different versions, of which one is shown ({names}). Each version is offered as a copy.",
        "{count} images exist in different versions, of which one is shown ({names}). Each is offered as a copy.",
        len(conflicts),
        names=names,
    )
    return [Finding(CONFLICT, message, "warning")]
