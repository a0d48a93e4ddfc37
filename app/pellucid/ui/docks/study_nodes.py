"""The library as a tree of plain nodes: patients, studies, series, files, problems. No Qt here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pellucid.dicom.kinds import DOCUMENT, SEGMENTATION, STRUCTURES
from pellucid.dicom.label_objects import LABELS
from pellucid.dicom.stack import sequences
from pellucid.language import tr, tr_count
from pellucid.session.label_objects import parts_of
from pellucid.session.mending import words
from pellucid.session.specials import opener_of

if TYPE_CHECKING:
    from pellucid.dicom.scan import Problem
    from pellucid.dicom.stack import Series
    from pellucid.files.images import ImageFile
    from pellucid.model.findings import Finding
    from pellucid.model.volume import Acquisition

_GLYPHS = {SEGMENTATION: "shape-outline", STRUCTURES: "vector-polygon", DOCUMENT: "file-document-outline"}


@dataclass(frozen=True)
class Node:
    """A row of the tree.

    ``kind`` is patient, study, series, volume, part, image, finding, group or problem. ``item`` is the key of what
    a double click loads (``""``: nothing) and ``part`` which volume of it; ``glyph`` stands where there is no
    thumbnail. ``tone`` colours a finding; its ``code`` tells what can be done about it, to the volume ``part`` of the
    series ``about``. The thumbnail of what is ``covered`` is not shown: it may show who the patient is. The words of
    what is ``neutral`` are our own: no file said them, and nobody is named.
    """

    id: str
    kind: str
    title: str
    detail: str = ""
    badge: str = ""
    tone: str = ""
    item: str = ""
    part: int = 0
    tip: str = ""
    glyph: str = ""
    code: str = ""
    about: str = ""
    covered: bool = False
    neutral: bool = False
    children: tuple[Node, ...] = field(default=())


def person(name: str) -> str:
    """Write a DICOM person name for reading: ``Doe^Jane^^Dr`` becomes ``Doe, Jane``."""
    family, *rest = name.split("=")[0].split("^")
    given = " ".join(part for part in rest[:2] if part)
    return ", ".join(part.strip() for part in (family, given) if part.strip()) or tr("No name")


def date(text: str) -> str:
    """Write a DICOM date as 2024-03-01; other texts stay as they are."""
    found = re.fullmatch(r"(\d{4})[.-]?(\d{2})[.-]?(\d{2}).*", text)
    return "-".join(found.groups()) if found else text


def tree(
    series: Iterable[Series],
    images: Iterable[ImageFile] = (),
    problems: Sequence[Problem] = (),
    *,
    hide_identity: bool = False,
) -> tuple[Node, ...]:
    """Return the whole tree; with ``hide_identity`` nothing in it tells who the patients are."""
    patients: dict[tuple[str, str], dict[str, list[Series]]] = {}
    for one in series:
        who = (one.acquisition.patient_id, one.acquisition.patient_name)
        study = one.acquisition.study_uid or one.acquisition.study_date
        patients.setdefault(who, {}).setdefault(study, []).append(one)
    nodes = [_patient(n, studies, hide_identity) for n, studies in enumerate(patients.values(), 1)]
    pictures = tuple(_image(image) for image in images)
    if pictures:
        nodes.append(Node("images", "group", tr("Image files"), _files(len(pictures)), neutral=True, children=pictures))
    if problems:
        rows = tuple(_problem(problem) for problem in problems)
        count = _files(len(rows))
        said = tr("Could not be read")
        nodes.append(Node("problems", "group", said, count, tone="warning", neutral=True, children=rows))
    return tuple(nodes)


def concealed(nodes: tuple[Node, ...], shown: Callable[[str], str]) -> tuple[Node, ...]:
    """Return a tree whose texts are as they may be shown; what it stands for is the same, and what we call it stays."""
    return tuple(
        replace(node, children=concealed(node.children, shown)) if node.neutral else
        replace(node, title=shown(node.title), detail=shown(node.detail), tip=shown(node.tip),
                children=concealed(node.children, shown))
        for node in nodes
    )  # fmt: skip


def _patient(number: int, studies: dict[str, list[Series]], hidden: bool) -> Node:
    about = next(iter(studies.values()))[0].acquisition
    facts = (about.patient_id and tr("ID {patient_id}", patient_id=about.patient_id), date(about.birth_date), about.sex)
    title = tr("Patient {number}", number=number) if hidden else person(about.patient_name)
    detail = tr("identity hidden") if hidden else " · ".join(fact for fact in facts if fact)
    children = tuple(_study(uid, members, hidden) for uid, members in sorted(studies.items(), key=_study_date))
    key = f"patient:{about.patient_id}:{about.patient_name}"
    return Node(
        key,
        "patient",
        title,
        detail or tr_count("{count:,} study", "{count:,} studies", len(studies)),
        neutral=hidden,
        children=children,
    )


def _study_date(entry: tuple[str, list[Series]]) -> str:
    return entry[1][0].acquisition.study_date


def _study(uid: str, members: list[Series], hidden: bool) -> Node:
    about: Acquisition = members[0].acquisition
    when = "" if hidden else date(about.study_date)
    title = about.study_description or tr("Study without a description")
    detail = " · ".join(part for part in (when, tr_count("{count:,} series", "{count:,} series", len(members))) if part)
    ordered = sorted(members, key=lambda one: (_number(one.number), one.description))
    return Node(f"study:{uid}", "study", title, detail, neutral=hidden and not about.study_description,
                children=tuple(_series(one, hidden) for one in ordered))  # fmt: skip


def _number(text: str) -> int:
    return int(text) if text.strip().isdecimal() else 1 << 31


def _series(one: Series, hidden: bool) -> Node:
    key = f"series:{one.uid}"
    title = one.description or (
        tr("Series {number}", number=one.number) if one.number else tr("Series without a description")
    )
    detail = series_detail(one)
    names = part_names(one)
    volumes = tuple(
        Node(f"{key}#{n}", "volume", name or tr("Volume {number}", number=n + 1), item=key, part=n, neutral=not name)
        for n, name in enumerate(names)
    )
    special = opener_of(one) is not None
    if one.content in LABELS:
        volumes = tuple(replace(node, title=tr("{name} as an image", name=one.contents[0] if len(names) == 1
                                               else node.title), neutral=False)
                        for node in volumes if one.contents)  # fmt: skip
    rows = (*_parts(key, one), *_findings(key, _told(one)), *(volumes if len(names) > 1 or special else ()),
            *_own_findings(key, one))  # fmt: skip
    loads = key if one.volumes or special else ""
    tip = tr("Double click or drag onto the image to open") if loads else tr("There is no image in this series.")
    return Node(
        key,
        "series",
        title,
        detail,
        one.modality or "?",
        item=loads,
        tip=f"{title}\n{detail}\n{tip}",
        glyph=_GLYPHS.get(one.content, ""),
        neutral=hidden and not one.description,
        children=rows,
        covered=hidden and one.acquisition.may_be_burned_in,
    )


def _told(one: Series) -> list[Finding]:
    """Return the findings that the row does not show by itself: that it holds labels is seen by their names."""
    return [finding for finding in one.findings if finding.code != "labels"]


def _parts(key: str, one: Series) -> tuple[Node, ...]:
    """Return a row for each segment or structure, by its name."""
    return tuple(Node(f"{key}@{n}", "part", name) for n, name in enumerate(one.contents))


def part_names(one: Any) -> tuple[str, ...]:
    """Return a name for each volume that can be loaded from an item."""
    from pellucid.session.opening import parts

    return parts(one)


def series_detail(one: Series) -> str:
    """Return size and count of a series in few words."""
    if one.content in LABELS:
        return parts_of(one)
    if not one.volumes:
        return tr("{files}, no image", files=_files(len(one.files)))
    x, y, z = one.volumes[0].geometry.size
    slices = tr_count("{count:,} slice", "{count:,} slices", z) if z > 1 else ""
    cine = z == 1 and len(part_names(one)) == 1
    count = len(one.volumes)
    volumes = ""
    if count > 1:
        volumes = _frames(count) if cine else tr_count("{count:,} volume", "{count:,} volumes", count)
    return " · ".join(part for part in (volumes, slices, f"{x}×{y}") if part)


def _own_findings(key: str, one: Series) -> tuple[Node, ...]:
    seen = {finding.message for finding in one.findings}
    rows: list[Node] = []
    parts = ((n, plan) for n, plans in enumerate(sequences(one)) for plan in plans)
    for n, plan in parts:
        fresh = [finding for finding in plan.findings if finding.message not in seen]
        seen.update(finding.message for finding in fresh)
        rows += _findings(f"{key}#{n}", fresh, key, n)
    return tuple(rows)


def _findings(key: str, findings: Iterable[Finding], about: str = "", part: int = 0) -> tuple[Node, ...]:
    return tuple(
        Node(f"{key}!{f.code}:{n}", "finding", f.message, tone=f.severity, tip=_tip(f), code=f.code,
             about=about or key, part=part)
        for n, f in enumerate(findings)
    )  # fmt: skip


def _tip(finding: Finding) -> str:
    """Say what can be done about a finding, and how."""
    mending = words(finding.code)
    return tr("{finding}\nRight click: {what}", finding=finding.message, what=mending) if mending else finding.message


def _image(image: ImageFile) -> Node:
    key = f"image:{image.path}"
    x, y, z = image.geometry.size
    size = f"{x}×{y}" + (f"×{z}" if z > 1 else "")
    colour = tr("colour") if image.components > 1 else ""
    frames = _frames(image.frames) if image.frames > 1 else ""
    detail = " · ".join(part for part in (size, image.pixel_type, colour, frames) if part)
    return Node(
        key,
        "image",
        image.path.name,
        detail,
        image.format,
        item=key,
        tip="\n".join((str(image.path), tr("Double click or drag onto the image to open"))),
        children=_findings(key, image.findings),
    )


def _problem(problem: Problem) -> Node:
    return Node(
        f"problem:{problem.path}",
        "problem",
        problem.path.name,
        problem.sentence,
        tone="warning",
        tip=f"{problem.path}\n{problem.sentence}",
    )


def _files(count: int) -> str:
    return tr_count("{count:,} file", "{count:,} files", count)


def _frames(count: int) -> str:
    return tr_count("{count:,} frame", "{count:,} frames", count)
