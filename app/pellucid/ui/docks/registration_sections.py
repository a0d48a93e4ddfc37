"""The sections of the dock Registration below its button, in their order: one row each.

A section is added by a row of ``SECTIONS``: its title, a tooltip, and what makes its body for a session. The body is
made when it is first opened, so that what it needs is loaded only then.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from pellucid.language import mark

if TYPE_CHECKING:
    from pellucid.session import Session


@dataclass(frozen=True)
class Section:
    """One section: its name in English, what its tooltip says, and who makes its body."""

    title: str
    tip: str
    make: Callable[[Session], QWidget]


def _where(session: Session) -> QWidget:
    from pellucid.ui.docks.registration_where import WhereBox

    return WhereBox(session)


def _stages(session: Session) -> QWidget:
    from pellucid.ui.docks.stage_editor import StageEditor

    return StageEditor(session)


def _hand(session: Session) -> QWidget:
    from pellucid.ui.docks.registration_hand import HandBox

    return HandBox(session)


def _landmarks(session: Session) -> QWidget:
    from pellucid.ui.docks.registration_landmarks import LandmarksBox

    return LandmarksBox(session)


def _judge(session: Session) -> QWidget:
    from pellucid.ui.docks.registration_judge import JudgeBox

    return JudgeBox(session)


SECTIONS: tuple[Section, ...] = (
    Section(mark("Start and masks"), mark("Where the search begins, and which part of each image counts"), _where),
    Section(mark("By hand"), mark("Move and turn the moving image on the panes, or by numbers"), _hand),
    Section(mark("Landmarks"), mark("Mark the same places in both images and bring them together"), _landmarks),
    Section(mark("Stages"), mark("Transform, metric, optimiser and pyramid of every stage"), _stages),
    Section(mark("Judge"), mark("Compare, draw the deformation, and numbers before and after"), _judge),
)
