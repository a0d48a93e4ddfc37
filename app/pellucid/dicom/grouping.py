"""Split the frames of a series by what cannot be in one volume: orientation, matrix, spacing, reference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pellucid.dicom.records import Numbers
from pellucid.dicom.splitting import value_of
from pellucid.language import tr, tr_count
from pellucid.model.findings import Finding

if TYPE_CHECKING:
    from pellucid.dicom.records import FileRecord, Member

ORIENTATION_TOLERANCE = 1e-3
_SPACING_TOLERANCE = 1e-3
_SEPARATE = frozenset({"CR", "DX", "MG", "XA", "RF", "US", "IVUS", "ES", "XC", "GM", "SM", "OP", "OPT",
                       "SC", "IO", "PX", "RG", "DG", "BI", "TG"})  # fmt: skip
"""Kinds of images that are single pictures or films, never slices, unless they state positions."""
_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
_SEVERAL = 3
"""From so many files on, UIDs that are different in every file say nothing."""


@dataclass(frozen=True)
class Group:
    """Frames on one grid in their plane. ``placed``: they state positions; ``film``: they are one film."""

    members: tuple[Member, ...]
    key: str
    label: str = ""
    placed: bool = True
    film: bool = False
    stacked: bool = False

    def varies(self, names: Sequence[str]) -> tuple[str, ...]:
        """Return the dimensions that all frames state and that vary among them."""
        found = []
        for name in names:
            values = {value_of(member, name) for member in self.members}
            if None not in values and len(values) > 1:
                found.append(name)
        return tuple(found)


@dataclass(frozen=True)
class _Kind:
    """What the frames of a group have in common."""

    rows: int
    columns: int
    components: bool
    spacing: Numbers | None
    orientation: Numbers | None
    frame_of_reference: str
    alone: str
    owner: tuple[str, str, str]
    """Patient, study and modality where these differ: a series has one of each, whatever its UID says."""

    def matches(self, other: _Kind) -> bool:
        """Return whether frames of both kinds can be in one volume."""
        same = self.exact == other.exact
        return same and self.is_as_large(other) and _near(self.orientation, other.orientation, ORIENTATION_TOLERANCE)

    @property
    def exact(self) -> tuple[object, ...]:
        """Return what must be the same to the letter."""
        return self.frame_of_reference, self.alone, self.owner

    def is_as_large(self, other: _Kind) -> bool:
        """Return whether frames of both kinds have the same matrix and pixels."""
        same = (self.rows, self.columns, self.components) == (other.rows, other.columns, other.components)
        return same and _near(self.spacing, other.spacing, _SPACING_TOLERANCE * min(self.spacing or (1.0,)))


def grouped(members: Sequence[Member]) -> tuple[list[Group], list[Finding]]:
    """Split frames into groups, largest first, and say what was split by."""
    members, findings = _common_reference(members)
    kinds, lists = _sorted_out(members)
    findings += _split_findings(kinds) + _unplaced_finding(kinds, [len(found) for found in lists])
    labels = _labels(kinds)
    groups = [
        _group(kind, found, label, n) for n, (kind, found, label) in enumerate(zip(kinds, lists, labels, strict=True))
    ]
    return groups, findings


def _sorted_out(members: Sequence[Member]) -> tuple[list[_Kind], list[list[Member]]]:
    """Return the kinds of frames and the members of each, in the order in which they are met.

    What is one kind is found in the order of what the frames state, so that names of files do not matter (H04).
    """
    owners = _owners(members)
    found = [_kind(member, owners[member.file.path]) for member in members]
    kinds: list[_Kind] = []
    which: dict[_Kind, int] = {}
    alike: dict[tuple[object, ...], list[int]] = {}
    for kind in sorted(dict.fromkeys(found), key=lambda k: (k.orientation or (), k.spacing or ())):
        known = alike.setdefault(kind.exact, [])
        same = next((n for n in reversed(known) if kinds[n].matches(kind)), len(kinds))
        if same == len(kinds):
            kinds.append(kind)
            known.append(same)
        which[kind] = same
    lists: dict[int, list[Member]] = {}
    for kind, member in zip(found, members, strict=True):
        lists.setdefault(which[kind], []).append(member)
    return [kinds[n] for n in lists], list(lists.values())


def _group(kind: _Kind, members: list[Member], label: str, number: int) -> Group:
    placed = kind.orientation is not None
    film = not placed and bool(kind.alone)
    stacked = not placed and members[0].file.stacked
    return Group(tuple(members), f"{number}:", label, placed, film, stacked)


def _owners(members: Sequence[Member]) -> dict[str, tuple[str, str, str]]:
    """Return patient, study and modality of every file, ``""`` for those that do not contradict each other.

    What is not stated, spaces, and large or small letters contradict nothing; nor do studies when every file has one
    of its own, as some anonymisers write it.
    """
    stated = {member.file.path: owner_of(member.file) for member in members}
    kinds = [set(values) - {""} for values in zip(*stated.values(), strict=True)]
    counts = [len(values) > 1 for values in kinds]
    counts[1] &= len(stated) < _SEVERAL or len(kinds[1]) < len(stated)
    return {path: tuple(value if one else "" for value, one in zip(owner, counts, strict=True))  # type: ignore[misc]
            for path, owner in stated.items()}  # fmt: skip


def owner_of(file: FileRecord) -> tuple[str, str, str]:
    """Return patient, study and modality of a file as they are compared."""
    patient = "".join(file.texts.get("patient_id", "").split()).casefold()
    return patient, file.study_uid, file.modality


def _kind(member: Member, owner: tuple[str, str, str]) -> _Kind:
    frame, layout = member.frame, member.layout
    rows, columns = (layout.rows, layout.columns) if frame.tile is None else frame.tile[2:]
    file, placed = member.file, frame.is_placed
    alone = "" if placed or not _is_alone(member) else file.path
    return _Kind(
        rows, columns, layout.is_colour, frame.spacing or frame.detector_spacing,
        frame.orientation if placed else None, file.frame_of_reference if placed else "", alone,
        owner,
    )  # fmt: skip


def _is_alone(member: Member) -> bool:
    """Return whether a file without positions is a picture or film of its own rather than a slice."""
    file = member.file
    if file.stacked:
        return False
    film = len(file.frames) > 1 and member.frame.tile is None
    return film or file.modality in _SEPARATE or file.sop_class.startswith(_SECONDARY_CAPTURE)


def _common_reference(members: Sequence[Member]) -> tuple[Sequence[Member], list[Finding]]:
    """Forget the frames of reference when every file has one of its own: they say nothing then (H44)."""
    references = {member.file.path: member.file.frame_of_reference for member in members}
    if len(references) < _SEVERAL or len(set(references.values())) < len(references):
        return members, []
    message = tr(
        "Every file states a frame of reference of its own, as some anonymisers write it. "
        "The slices are taken to belong together; nothing else is overlaid on them."
    )
    cleared = [replace(member, file=replace(member.file, frame_of_reference="")) for member in members]
    return cleared, [Finding("frame-of-reference", message, "warning")]


def _split_findings(kinds: list[_Kind]) -> list[Finding]:
    findings = []
    orientations = _distinct([k.orientation for k in kinds if k.orientation], ORIENTATION_TOLERANCE)
    if orientations > 1:
        message = tr(
            "The series mixes {orientations} orientations, as localisers do; each is a volume of its own.",
            orientations=orientations,
        )
        findings.append(Finding("several-orientations", message))
    slices = [k for k in kinds if not k.alone]
    if not all(k.is_as_large(slices[0]) for k in slices):
        message = tr("The series mixes images of different size or pixel spacing; each kind is a volume of its own.")
        findings.append(Finding("mixed-size", message))
    if len({k.frame_of_reference for k in kinds if k.orientation}) > 1:
        message = tr("The series mixes several frames of reference, whose positions cannot be compared; it was split.")
        findings.append(Finding("frame-of-reference", message))
    return findings + _owner_findings({k.owner for k in kinds})


def _owner_findings(owners: set[tuple[str, str, str]]) -> list[Finding]:
    """Say that one series UID stands on images that cannot be of one series (H44)."""
    patients, studies, modalities = (len(set(names) - {""}) for names in zip(*owners, strict=True))
    if patients > 1:
        message = tr("The files of this series belong to {count} different patients: each is a volume of its own.",
                     count=patients)  # fmt: skip
    elif studies > 1:
        message = tr("The files of this series belong to {count} different studies: each is a volume of its own.",
                     count=studies)  # fmt: skip
    elif modalities > 1:
        message = tr("The files of this series come from {count} modalities: each is a volume of its own.",
                     count=modalities)  # fmt: skip
    else:
        return []
    return [Finding("mixed-origin", message)]


def _unplaced_finding(kinds: Sequence[_Kind], counts: Sequence[int]) -> list[Finding]:
    """Say that images which do not state where they lie are in none of the volumes of those that do (H43)."""
    placed = any(kind.orientation for kind in kinds)
    count = sum(n for kind, n in zip(kinds, counts, strict=True) if kind.orientation is None)
    if not placed or not count:
        return []
    message = tr_count(
        "One image of the series does not state a place that can be true: it is not among the slices of a volume, "
        "but an image of its own.",
        "{count} images of the series do not state a place that can be true: they are not among the slices of a "
        "volume, but images of their own.",
        count,
    )
    return [Finding("unplaced", message)]


def _labels(kinds: list[_Kind]) -> list[str]:
    """Return what tells each group from the others."""
    if len(kinds) == 1:
        return [""]
    by_orientation = _distinct([k.orientation for k in kinds if k.orientation], ORIENTATION_TOLERANCE) == len(kinds)
    by_size = len({(k.rows, k.columns) for k in kinds}) == len(kinds)
    labels = []
    for n, kind in enumerate(kinds, start=1):
        if kind.alone:
            labels.append(tr("image {n}", n=n))
        elif by_orientation:
            labels.append(tr("orientation {n}", n=n))
        elif by_size:
            labels.append(f"{kind.columns}×{kind.rows}")
        else:
            labels.append(tr("part {n}", n=n))
    return labels


def _distinct(values: Sequence[Numbers], tolerance: float) -> int:
    known: list[Numbers] = []
    for value in values:
        if not any(_near(value, other, tolerance) for other in known):
            known.append(value)
    return len(known)


def _near(a: Numbers | None, b: Numbers | None, tolerance: float) -> bool:
    if a is None or b is None:
        return a is b
    return all(abs(x - y) <= tolerance for x, y in zip(a, b, strict=True))
