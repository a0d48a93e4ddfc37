"""The sentences for how a series was split into volumes, with the tag that varies named."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pellucid.dicom.dimension_tags import DIMENSIONS, Tag
from pellucid.dicom.splitting import value_of
from pellucid.language import tr
from pellucid.model.findings import Finding

if TYPE_CHECKING:
    from pellucid.dicom.records import Member

_OF_FILMS = ("phase", "rr interval", "time slot", "rotation", "view", "time slice")


def one_frame_each(members: Sequence[Member]) -> list[str]:
    """Return what varies from frame to frame of a film."""
    return [name for name in _OF_FILMS if len({value_of(member, name) for member in members} - {None}) > 1]


def said_of(tags: Sequence[tuple[str, Tag]]) -> str:
    """Name dimensions in words and by their elements: ``echo time – EchoTime (0018,0081)``."""
    return ", ".join(f"{tr(DIMENSIONS[name].title)} – {tag}" for name, tag in tags)


def found_by_itself(tags: Sequence[tuple[str, Tag]], count: int, complete: bool, tied: bool) -> Finding:
    """Say what several volumes at one place were told apart by."""
    if tied:
        message = tr(
            "Several images lie at one place and only their files tell them apart: each is an image of its own."
        )
        return Finding("several-volumes", message, "warning")
    if tags:
        by = said_of(tags)
        message = tr("The series holds {count} volumes at the same positions, told apart by {by}.", count=count, by=by)
    else:
        message = tr(
            "The series holds {count} volumes at the same positions, told apart only by the order of their "
            "instance numbers.",
            count=count,
        )
    if not complete:
        message += " " + tr("Not every one has a slice at every position.")
    return Finding("several-volumes", message, "info" if tags and complete else "warning")


def by_choice(tags: Sequence[tuple[str, Tag]], count: int, apart: bool) -> Finding:
    """Say what the user chose."""
    if apart:
        message = tr("As you chose, each value of {by} is a volume of its own: {count} of them.",
                     by=said_of(tags), count=count)  # fmt: skip
    else:
        message = tr("As you chose, the values of {by} are the {count} frames of one image.",
                     by=said_of(tags), count=count)  # fmt: skip
    return Finding("split-by-choice", message, "info")
