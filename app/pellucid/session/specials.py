"""Series that do not become an image layer: who opens which kind of DICOM object.

A row says what happens on a double click in the list of studies and when such a series is dropped on a pane.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from pellucid.dicom.kinds import DOCUMENT, PRESENTATION, SEGMENTATION, STRUCTURES
from pellucid.session.label_objects import open_as_labels

if TYPE_CHECKING:
    from pellucid.dicom.stack import Series
    from pellucid.session.session import Session

class Opener(Protocol):
    """Opens a series in a job; without ``replace`` nothing that is open is closed."""

    def __call__(self, session: Session, series: Series, *, replace: bool = True) -> object:
        """Open it."""


def _document(session: Session, series: Series, *, replace: bool = True) -> object:
    return session.reports.open(series)


def _presentation(session: Session, series: Series, *, replace: bool = True) -> object:
    return session.presenting.open(series)


OPENERS: dict[str, Opener] = {
    SEGMENTATION: open_as_labels, STRUCTURES: open_as_labels, DOCUMENT: _document, PRESENTATION: _presentation,
}  # fmt: skip
"""By ``Series.content``; an opener does its reading in a job."""


def opener_of(series: Series) -> Opener | None:
    """Return who opens a series that is not an image, None when it is one or nobody does."""
    return OPENERS.get(series.content)
