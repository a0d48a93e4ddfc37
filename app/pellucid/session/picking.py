"""What is shown of what was found on disk: one image, the images of a study, or a sentence that says why nothing is."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pellucid.language import tr, tr_count
from pellucid.session.opening import title_of
from pellucid.session.specials import opener_of

if TYPE_CHECKING:
    from pellucid.dicom.stack import Series
    from pellucid.files.discover import Found, Item
    from pellucid.session.session import Session

_LONGEST_NAME = 32
"""Letters of a name on a button; the list of studies has the rest."""


def show_found(session: Session, found: Found, roots: list[Path]) -> None:
    """Load what the user most likely wants to see of what was found below some paths."""
    for problem in found.problems:
        if problem.asks:
            session.offer.emit(problem.sentence, tr("Open it anyway"), partial(_open_anyway, session, problem.path))
    special = [series for series in found.series if opener_of(series) is not None]
    shown = [series for series in found.series if series.volumes and series not in special]
    files_named = all(root.is_file() and root.suffix.lower() != ".zip" for root in roots)
    if special and not shown and not found.images:
        session.loading.load_key(session.library.key(special[0]))
    elif not shown and not found.images:
        _say_nothing_found(session, found, roots)
    elif files_named and found.images and not shown:
        for n, image in enumerate(found.images):
            session.loading.load(image, replace=n == 0)
    elif files_named or not session.document.layers:
        _show_one(session, found, shown)
    else:
        _offer_to_open(session, found, shown, roots)


def _open_anyway(session: Session, path: Path) -> None:
    """Open what was not plausible: the user takes the responsibility, for this sitting."""
    from pellucid.files.limits import trust

    trust(path)
    session.open([path])


def open_study(session: Session, uid: str) -> None:
    """Open a study of the library: its images as a rule hangs them, else its largest series."""
    members = [one for one in session.library.series if one.acquisition.study_uid == uid and one.volumes
               and opener_of(one) is None]  # fmt: skip
    if members and not session.arranging.open_study(members):
        session.loading.load(max(members, key=lambda one: len(one.files)))


def _show_one(session: Session, found: Found, shown: list[Series]) -> None:
    """Show the largest series, or the images of one study that belong beside each other."""
    if len({series.acquisition.study_uid for series in shown}) == 1 and not found.images:
        if session.arranging.open_study(shown, at_once=True):
            return
    series = max(shown, key=lambda s: len(s.files), default=None)
    if series is None:
        session.loading.load(found.images[0])
    else:
        session.loading.load(series, then=lambda _layer: _offer_study(session, series, shown))


def _offer_study(session: Session, opened: Series, shown: list[Series]) -> None:
    """Offer to show what was opened beside the other images of its study, where a rule hangs them."""
    uid = opened.acquisition.study_uid
    beside = session.arranging.beside(opened, [one for one in shown if one.acquisition.study_uid == uid])
    if beside is not None:
        session.offer.emit(
            tr("“{name}” of the same study lies in the same space.", name=title_of(beside)),
            tr("Show side by side"),
            lambda: open_study(session, uid),
        )


def _offer_to_open(session: Session, found: Found, shown: list[Series], roots: list[Path]) -> None:
    """Say what has come to the list of studies while something else is open, and offer the largest of it."""
    items: list[Item] = [*sorted(shown, key=lambda one: -len(one.files)), *found.images]
    title = title_of(items[0])
    name = title if len(title) <= _LONGEST_NAME else f"{title[: _LONGEST_NAME - 1]}…"
    count = len(items)
    session.offer.emit(
        tr_count("{count:,} image of “{folder}” is in the list of studies. What is open stays open.",
                 "{count:,} images of “{folder}” are in the list of studies. What is open stays open.",
                 count, folder=roots[0].name or str(roots[0])),
        tr("Open {series}", series=name), lambda: session.loading.load_key(session.library.key(items[0])),
    )  # fmt: skip


def _say_nothing_found(session: Session, found: Found, roots: list[Path]) -> None:
    if found.workspaces:
        session.saving.open_workspace(found.workspaces[0])
    elif found.problems and all(problem.asks for problem in found.problems):
        return
    elif found.problems and len(found.problems) == 1:
        session.notice.emit(found.problems[0].sentence, "error")
    else:
        name = roots[0].name or str(roots[0])
        session.notice.emit(
            tr("No images were found in “{name}”. Open a folder of DICOM or an image file.", name=name), "warning"
        )
