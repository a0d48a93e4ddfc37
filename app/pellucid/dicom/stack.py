"""From header records to series, volumes and findings: what is one image, how it lies, what is odd.

Hazards H01–H15 and H43–H45. Nothing here reads a file: it is arithmetic on records.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pellucid.dicom.dimension_tags import DIMENSIONS
from pellucid.dicom.display_tables import stated_windows
from pellucid.dicom.duplicates import without_duplicates
from pellucid.dicom.findings import file_findings, labels_finding, no_image_finding
from pellucid.dicom.geometry import Placed, place
from pellucid.dicom.grouping import Group, grouped
from pellucid.dicom.kinds import IMAGE, content_of
from pellucid.dicom.label_objects import LABELS
from pellucid.dicom.merging import merged
from pellucid.dicom.mixtures import mixture_findings
from pellucid.dicom.pixel_size import size_findings
from pellucid.dicom.pixel_types import component_count, expected_type
from pellucid.dicom.records import FileRecord, FrameRecord, Member, PixelLayout
from pellucid.dicom.sequences import Part, split
from pellucid.dicom.splitting import AUTOMATIC, Splitting, TagValue, value_of
from pellucid.dicom.timing import moments
from pellucid.language import tr
from pellucid.model.diffusion import weighting_words
from pellucid.model.findings import Finding, Refused
from pellucid.model.geometry import Geometry
from pellucid.model.timing import NOWHEN, Moment
from pellucid.model.uptake import KINDS
from pellucid.model.volume import Acquisition

_NOBODY = Acquisition()
_SAME_FACTOR = 1.0005
"""A second of fluorine-18 is a ten-thousandth."""


@dataclass(frozen=True)
class Frame:
    """One frame of a plan: which frame of which file, and how its stored values become modality values.

    ``tile`` is (row, column, rows, columns) when only that part of the frame is meant. A negative ``number``
    stands for a slice of zeros that is in no file. ``layout`` is shared by the frames of a file.
    """

    path: Path
    number: int
    slope: float
    intercept: float
    layout: PixelLayout
    tile: tuple[int, int, int, int] | None = None


@dataclass(frozen=True)
class VolumePlan:
    """A volume that can be read: its grid, its frames in the order of the slices, and what is known of it.

    ``label`` tells it from the other volumes of its series; plans with the same non-empty ``sequence`` are
    the frames of one 4-D image, in order. ``values`` are those of the tags that tell it apart, ``copy`` counts from 1
    where files contradict each other. ``padding`` is the closed range of *stored* values that are no part of the image.
    """

    geometry: Geometry
    frames: tuple[Frame, ...]
    label: str = ""
    sequence: str = ""
    values: tuple[TagValue, ...] = ()
    copy: int = 0
    pixel_type: str = "int16"
    components: int = 1
    unit: str = ""
    padding: tuple[float, float] | None = None
    findings: tuple[Finding, ...] = ()
    acquisition: Acquisition = _NOBODY


@dataclass(frozen=True)
class Series:
    """A DICOM series as found on disk; ``content`` is what its objects are for (``kinds``).

    ``splitting`` is how the user wants its frames to become volumes.
    """

    uid: str
    modality: str = ""
    description: str = ""
    number: str = ""
    acquisition: Acquisition = _NOBODY
    frame_of_reference: str = ""
    files: tuple[Path, ...] = ()
    volumes: tuple[VolumePlan, ...] = ()
    findings: tuple[Finding, ...] = ()
    content: str = IMAGE
    contents: tuple[str, ...] = ()
    """The names of the segments or structures it holds."""
    references: tuple[str, ...] = ()
    """The UIDs of the series that it was made from, where it holds labels."""
    splitting: Splitting = AUTOMATIC


def sequences(series: Series) -> tuple[tuple[VolumePlan, ...], ...]:
    """Group the volumes of a series: plans that share a sequence key are the frames of one 4-D image."""
    groups: dict[str, list[VolumePlan]] = {}
    for n, plan in enumerate(series.volumes):
        groups.setdefault(plan.sequence or f"#{n}", []).append(plan)
    return tuple(tuple(group) for group in groups.values())


def series_key(record: FileRecord) -> str:
    """Return what the files of one series have in common; a file that names no series is one by itself."""
    return record.series_uid or f"file:{record.path}"


def build_series(records: Iterable[FileRecord], digests: Mapping[str, str] | None = None) -> list[Series]:
    """Sort records into series, in the order in which they were met."""
    by_series: dict[str, list[FileRecord]] = {}
    for record in records:
        by_series.setdefault(series_key(record), []).append(record)
    return [one_series(uid, files, digests) for uid, files in by_series.items()]


def one_series(
    uid: str, records: Sequence[FileRecord], digests: Mapping[str, str] | None = None, choice: Splitting = AUTOMATIC
) -> Series:
    """Build one series from the records of its files; ``digests`` tell true copies from conflicting ones.

    Raises Refused where the frames cannot be split as a ``choice`` says.
    """
    records = sorted(records, key=lambda record: record.path)
    first = records[0]
    members, findings = members_of(records, digests or {})
    volumes: list[VolumePlan] = []
    if members:
        groups, group_findings = grouped(members)
        if choice.merged:
            groups, group_findings = merged(groups)
        _check_choice(groups, choice)
        findings += group_findings
        for group in groups:
            volumes += _volumes(group, len(groups) > 1, findings, choice)
    content = content_of(first.sop_class)
    if not volumes:
        findings.append(labels_finding() if content in LABELS else no_image_finding(first))
    acquisition = volumes[0].acquisition if volumes else acquisition_of(first)
    return Series(
        uid=uid,
        modality=first.modality,
        description=first.texts.get("series_description", ""),
        number=first.texts.get("series_number", ""),
        acquisition=acquisition,
        frame_of_reference=first.frame_of_reference,
        files=tuple(Path(record.path) for record in records),
        volumes=tuple(volumes),
        findings=_unique([*findings, *(f for volume in volumes for f in volume.findings)]),
        content=content,
        contents=tuple(name for record in records for name in record.contents),
        references=tuple(dict.fromkeys(uid for record in records for uid in record.references)),
        splitting=choice,
    )


def members_of(records: Sequence[FileRecord], digests: Mapping[str, str]) -> tuple[list[Member], list[Finding]]:
    """Return the frames of the files of a series without duplicates, and what is said of those."""
    kept, findings = without_duplicates(records, digests)
    members = [
        Member(record, frame, copy)
        for record, copy in kept
        if record.pixels and not record.note
        for frame in record.frames
    ]
    return members, list(findings)


def _check_choice(groups: Sequence[Group], choice: Splitting) -> None:
    """Refuse to split by what varies nowhere."""
    if choice.by and not any(group.varies(choice.by) for group in groups):
        by = ", ".join(tr(DIMENSIONS[name].title) for name in choice.by)
        raise Refused(tr("The series cannot be split by {by}: not every image states it, or all state the same.",
                         by=by))  # fmt: skip


def acquisition_of(record: FileRecord, frame: FrameRecord | None = None) -> Acquisition:
    """Return who and what was imaged, and the windows of one frame."""
    texts = {key: text for key, text in record.texts.items() if key != "accession"}  # only the index asks for it
    known = ("patient_name", "patient_id", "birth_date", "sex", "study_date", "study_description",
             "series_description", "series_number")  # fmt: skip
    photometric = record.pixels.photometric if record.pixels else ""
    if frame is not None and frame.thickness is not None:
        texts["slice_thickness"] = f"{frame.thickness:g}"
    return Acquisition(
        modality=record.modality,
        **dict[str, Any]({key: texts.pop(key, "") for key in known}),
        study_uid=record.study_uid,
        series_uid=record.series_uid,
        windows=stated_windows(frame) if frame else (),
        monochrome1=photometric == "MONOCHROME1" and record.pixels is not None and record.pixels.samples == 1,
        extra=texts,
    )


def _volumes(group: Group, several: bool, findings: Sequence[Finding], choice: Splitting) -> list[VolumePlan]:
    """Turn a group of frames on one kind of grid into one or more volumes."""
    plans = []
    parts, split_findings = split(group, choice)
    for part, moment in zip(parts, _moments(parts), strict=True):
        placed = place(part.members, group.stacked)
        label = ", ".join(text for text in (group.label if several else "", part.label) if text)
        sequence = f"{group.key}{part.sequence}" if part.sequence else ""
        plan = _plan(placed, label, sequence, (*findings, *split_findings), moment)
        plans.append(replace(plan, values=part.values, copy=part.copy, acquisition=_told(plan.acquisition, part)))
    return plans


def _weighted(members: Sequence[Member]) -> dict[str, str]:
    """Return the b-value and the gradient of a volume where all its slices have the same."""
    stated = {value_of(member, "diffusion") for member in members if member.frame.number >= 0}
    found = stated.pop() if len(stated) == 1 else None
    if found is None:
        return {}
    b, direction = found
    return weighting_words(float(b), direction)


def _told(acquisition: Acquisition, part: Part) -> Acquisition:
    """Return an acquisition that says by which values a frame is told from the others, and its diffusion weighting."""
    text = ", ".join(value.text for value in part.values)
    told = _weighted(part.members) | ({"frame_value": text} if text else {})
    return replace(acquisition, extra={**acquisition.extra, **told}) if told else acquisition


def _moments(parts: Sequence[Part]) -> list[Moment]:
    """Return when each part was taken; parts of one sequence are frames that follow each other."""
    found = [NOWHEN] * len(parts)
    for sequence in {part.sequence for part in parts if part.sequence}:
        places = [n for n, part in enumerate(parts) if part.sequence == sequence]
        for n, moment in zip(places, moments([parts[n].members for n in places]), strict=True):
            found[n] = moment
    return found


def _plan(placed: Placed, label: str, sequence: str, findings: Sequence[Finding], moment: Moment) -> VolumePlan:
    members = placed.members
    middle = members[len(members) // 2]
    files = list({member.file.path: member.file for member in members}.values())
    stored_padding = {member.file.padding for member in members}
    units = {member.frame.unit for member in members}
    return VolumePlan(
        geometry=placed.geometry,
        frames=tuple(_frame(member) for member in members),
        label=label,
        sequence=sequence,
        pixel_type=expected_type([(m.layout, m.frame.slope, m.frame.intercept) for m in members]),
        components=component_count(middle.layout),
        unit=units.pop() if len(units) == 1 else "",
        padding=_pair(stored_padding.pop()) if len(stored_padding) == 1 else None,
        findings=_unique([*findings, *placed.findings, *size_findings(middle), *mixture_findings(members),
                          *file_findings(files), *_uptake_differs(files)]),
        acquisition=replace(_agreed(acquisition_of(middle.file, middle.frame), files), moment=moment),
    )


def _uptake_differs(files: Sequence[FileRecord]) -> list[Finding]:
    """Say why there is no SUV although every file states what it takes."""
    stated = [file.texts.get("suv_bw") for file in files]
    if None in stated or _is_common(stated):
        return []
    said = tr("The values cannot be told in SUV: the factor differs from slice to slice, as where slices were counted "
              "one after the other and not corrected for decay to one time.")  # fmt: skip
    return [Finding("suv-unknown", said, "info")]


def _agreed(acquisition: Acquisition, files: Sequence[FileRecord]) -> Acquisition:
    """Return an acquisition without the factors of uptake values that its files do not have in common."""
    differ = {f"suv_{kind}" for kind in KINDS if not _is_common([file.texts.get(f"suv_{kind}") for file in files])}
    if not differ:
        return acquisition
    return replace(acquisition, extra={key: text for key, text in acquisition.extra.items() if key not in differ})


def _is_common(factors: Sequence[str | None]) -> bool:
    """Return whether factors of all files are one, up to what times in whole seconds leave open."""
    known = [float(factor) for factor in factors if factor is not None]
    return not known or (len(known) == len(factors) and max(known) <= min(known) * _SAME_FACTOR)


def _frame(member: Member) -> Frame:
    frame = member.frame
    return Frame(Path(member.file.path), frame.number, frame.slope, frame.intercept, member.layout, frame.tile)


def _pair(padding: tuple[float, ...] | None) -> tuple[float, float] | None:
    return (padding[0], padding[1]) if padding else None


def _unique(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(dict.fromkeys(findings))
