"""What can be done about a finding: each an undoable step, offered where the finding is read, never done unasked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from pellucid.dicom.stack import sequences
from pellucid.files.discover import is_series
from pellucid.jobs.job import Job
from pellucid.language import mark, tr
from pellucid.model.findings import Refused
from pellucid.model.layer import ImageLayer
from pellucid.recipes.hardened import value_beyond
from pellucid.session.opening import key_of
from pellucid.session.respacing import why_not as why_no_spacing

if TYPE_CHECKING:
    from pellucid.files.discover import Item
    from pellucid.session.session import Session

EVEN, STRAIGHTEN, SPACING, OTHERS = "even", "straighten", "spacing", "others"
HOW: dict[str, str] = {
    "missing-slices": EVEN, "uneven-spacing": EVEN,
    "tilt": STRAIGHTEN, "not-orthogonal": STRAIGHTEN,
    "no-position": SPACING, "unknown-spacing": SPACING, "detector-spacing": SPACING,
    "conflicting-duplicate": OTHERS, "several-orientations": OTHERS, "mixed-size": OTHERS, "frame-of-reference": OTHERS,
    "mixed-origin": OTHERS, "unplaced": OTHERS,
}  # fmt: skip
"""What mends a finding, by its code."""
WORDS: dict[str, str] = {
    EVEN: mark("Resample to even spacing"),
    STRAIGHTEN: mark("Straighten by resampling"),
    SPACING: mark("Set spacing…"),
    OTHERS: mark("Open the others"),
}
_TIPS: dict[str, str] = {
    EVEN: mark("Interpolate slices where they are missing or further apart; can be undone"),
    STRAIGHTEN: mark("Resample onto axes at right angles; every value stays in its place; can be undone"),
    SPACING: mark("State the size of pixels and the distance of slices yourself; can be undone"),
    OTHERS: mark("Open the other volumes of this series as layers"),
}
_TILTED = mark("Shear-resample")


@dataclass(frozen=True)
class Mend:
    """What can be done about a finding: words for a button, a tip, and how it is done."""

    code: str
    words: str
    tip: str
    run: Callable[[], object]


def mends(session: Session, layer: ImageLayer | None) -> tuple[Mend, ...]:
    """Return what can be done about the findings of a layer, each once, for the most doubtful finding it mends."""
    if layer is None or session.loading.is_placeholder(layer):
        return ()
    found: dict[str, Mend] = {}
    for finding in sorted(layer.volume.findings, key=lambda one: one.severity == "info"):
        how = HOW.get(finding.code, "")
        if how and how not in found and _possible(session, layer, how):
            found[how] = Mend(finding.code, words(finding.code), tr(_TIPS[how]), partial(do, session, layer, how))
    return tuple(found.values())


def words(code: str) -> str:
    """Return what a button says that mends a finding, ``""`` where nothing does."""
    how = HOW.get(code, "")
    return tr(_TILTED if code == "tilt" else WORDS[how]) if how else ""


def take(session: Session, mend: Mend) -> None:
    """Do what the user asked for; a refusal becomes a sentence."""
    try:
        mend.run()
    except Refused as refusal:
        session.notice.emit(str(refusal), "warning")


def do(session: Session, layer: ImageLayer, how: str) -> object:
    """Mend a layer; raise Refused with a sentence where it cannot be done."""
    if how == EVEN:
        return session.running.make_even(layer)
    if how == STRAIGHTEN:
        return _straighten(session, layer)
    if how == SPACING:
        if why := why_no_spacing(layer):
            raise Refused(why)
        session.spacing_asked.emit(layer)
    elif how == OTHERS:
        for item, part in _others(session, layer):
            session.loading.load(item, part, replace=False)
    return None


def mend_series(session: Session, item: Item, part: int, code: str) -> None:
    """Mend a volume of the library: the layer that shows it, or one that is opened first."""

    def then(layer: ImageLayer) -> None:
        mend = next((one for one in mends(session, layer) if HOW[one.code] == HOW[code]), None)
        if mend is not None:
            take(session, mend)

    detail = key_of(item, part) if is_series(item) else ""
    shown = [layer for layer in session.document.images if detail and layer.source.detail == detail]
    if shown:
        session.document.active = shown[0]
        then(shown[0])
    else:
        session.loading.load(item, part, then=then)


def _possible(session: Session, layer: ImageLayer, how: str) -> bool:
    if how == EVEN:
        return not layer.geometry.is_even
    if how == STRAIGHTEN:
        return layer.geometry.is_even and layer.placement is None
    if how == SPACING:
        return not why_no_spacing(layer)
    return bool(_others(session, layer))


def _straighten(session: Session, layer: ImageLayer) -> Job:
    """Find the value beyond the image, then resample."""
    frames = layer.frames

    def work(job: Job) -> float:
        return value_beyond(frames, job.check)

    def done(background: float) -> None:
        if layer not in session.document or layer.frames != frames:
            return
        session.document.active = layer
        try:
            session.running.apply("geometry.straighten", {"background": background}, all_frames=len(frames) > 1)
        except Refused as refusal:
            session.notice.emit(str(refusal), "warning")

    return session.jobs.query("straighten", tr("Straighten by resampling"), work, done)


def _others(session: Session, layer: ImageLayer) -> list[tuple[Item, int]]:
    """Return the other volumes of the series of a layer that are not open yet."""
    uid = layer.source.detail.rpartition("|")[0]
    item = session.library.item(f"series:{uid}") if layer.source.kind == "dicom" else None
    if item is None or not is_series(item):
        return []
    open_ones = {one.source.detail for one in session.document.images}
    return [(item, n) for n in range(len(sequences(item))) if key_of(item, n) not in open_ones]
