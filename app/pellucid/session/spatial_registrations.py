"""DICOM registrations in a session: found beside what is open and offered, applied, and written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pellucid.dicom.spatial_registration import MODALITY, SpatialRegistration, read
from pellucid.dicom.writing.origin import read_origin
from pellucid.dicom.writing.registrations import Referenced, encode
from pellucid.jobs.job import Job
from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.geometry import Floats
from pellucid.model.layer import ImageLayer, Layer
from pellucid.session.consenting import are_strangers
from pellucid.session.placements import linear_placement

if TYPE_CHECKING:
    from pellucid.model.placement import Placement
    from pellucid.session.session import Session

Move = tuple[ImageLayer, ImageLayer, Floats]
"""The fixed image, the moving one, and the matrix from points of the one to the other."""


class SpatialRegistrations:
    """Reads, offers, applies and writes DICOM spatial registrations."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: dict[Path, SpatialRegistration | None] = {}
        self._offered: set[tuple[Path, str, str]] = set()
        session.document.inserted.connect(self._came)

    # ---------------------------------------------------------------- found beside what is open

    def _came(self, layer: Layer) -> None:
        """Look whether a registration of the library ties a new image to those that are open."""
        images = self._session.document.images
        if not isinstance(layer, ImageLayer) or not any(are_strangers(layer.geometry, o.geometry) for o in images):
            return
        found = [path for one in self._session.library.series if one.modality == MODALITY for path in one.files]
        unread = [path for path in found if path not in self._known]
        if not unread:
            self._offer(found)
            return

        def work(_job: Job) -> dict[Path, SpatialRegistration | None]:
            return {path: _read_or_nothing(path) for path in unread}

        def done(answer: dict[Path, SpatialRegistration | None]) -> None:
            self._known |= answer
            self._offer(found)

        self._session.jobs.query("registrations", tr("Looking for registrations"), work, done, quiet=True)

    def _offer(self, paths: list[Path]) -> None:
        for path in paths:
            registration = self._known.get(path)
            moves = self.moves(registration) if registration is not None else []
            offered = {(path, fixed.id, moving.id) for fixed, moving, _ in moves}
            if registration is None or not moves or offered <= self._offered:
                continue
            self._offered |= offered
            fixed, moving, _ = moves[0]
            self._session.offer.emit(
                tr("“{file}” holds a registration of “{moving}” to “{fixed}”.", file=path.name, moving=moving.name,
                   fixed=fixed.name),
                tr("Apply the registration"), lambda known=registration: self.apply(known),
            )  # fmt: skip
            return

    # ---------------------------------------------------------------- applying

    def moves(self, registration: SpatialRegistration) -> list[Move]:
        """Return which open images a registration brings onto the lowest one that it knows of."""
        images = [one for one in self._session.document.images if one.placement is None]
        known = {registration.registered, *registration.matrices}
        fixed = next((one for one in images if one.volume.geometry.frame_of_reference in known), None)
        if fixed is None:
            return []
        frame = fixed.volume.geometry.frame_of_reference
        pairs = ((one, registration.between(frame, one.volume.geometry.frame_of_reference)) for one in images)
        return [(fixed, moving, matrix) for moving, matrix in pairs if matrix is not None]

    def apply(self, registration: SpatialRegistration) -> None:
        """Put open images where a registration says, as one step; raise Refused where it says nothing of them."""
        moves = self.moves(registration)
        if not moves:
            raise Refused(tr("The registration does not tie two of the open images: none of its frames of reference "
                             "belong to two of them, or they are registered already."))  # fmt: skip
        title = registration.title or tr("DICOM registration")
        with self._session.history.group(tr("Apply {title}", title=title)):
            for fixed, moving, matrix in moves:
                self._session.placing.put(moving, linear_placement(matrix, fixed.volume.geometry, title))

    def load(self, path: Path) -> Job:
        """Read a registration in the background and apply it; what goes wrong becomes a notice."""
        session = self._session

        def done(registration: SpatialRegistration) -> None:
            try:
                self.apply(registration)
            except Refused as refusal:
                session.notice.emit(str(refusal), "warning")

        return session.jobs.load(tr("Reading {name}", name=path.name), lambda _job: read(path), done,
                                 lambda sentence: session.notice.emit(sentence, "error"))  # fmt: skip

    # ---------------------------------------------------------------- writing

    def why_not(self, layer: ImageLayer | None) -> str:
        """Return why the placement of a layer cannot be written as a DICOM registration, or nothing."""
        placement = layer.placement if layer is not None else None
        if layer is None or placement is None:
            return tr("Register the active image first: only what was placed can be written.")
        if not placement.is_linear:
            return tr("The transform bends: only rigid and affine ones are written as DICOM.")
        return _frames_missing(layer, placement)

    def save(self, layer: ImageLayer, path: Path) -> Job:
        """Write the placement of a layer in the background and read it back; raise Refused where that cannot be."""
        if why := self.why_not(layer):
            raise Refused(why)
        session, placement = self._session, layer.placement
        assert placement is not None
        frame = placement.onto.frame_of_reference
        there = [one for one in session.document.images if one.volume.geometry.frame_of_reference == frame]
        there.sort(key=lambda one: not one.volume.geometry.same_grid(placement.onto))
        fixed = there[0] if there else None
        about = (fixed or layer).volume.acquisition
        sides = [(frame, fixed), (layer.volume.geometry.frame_of_reference, layer)]
        matrix, title = placement.matrix, placement.title or layer.name

        def work(_job: Job) -> None:
            from pellucid.files.safe_write import replacing

            target, moving = (_referenced(uid, one) for uid, one in sides)
            with replacing(path) as temporary:
                encode(temporary, matrix, target, moving, about, title)
                _check(temporary, path, matrix, target, moving)

        def done(_nothing: None) -> None:
            session.notice.emit(tr("The registration was written to “{name}” and read back.", name=path.name), "info")

        return session.jobs.load(tr("Writing {name}", name=path.name), work, done,
                                 lambda sentence: session.notice.emit(sentence, "error"))  # fmt: skip


def _read_or_nothing(path: Path) -> SpatialRegistration | None:
    try:
        return read(path)
    except Refused:
        return None


def _frames_missing(layer: ImageLayer, placement: Placement) -> str:
    fixed, moving = placement.onto.frame_of_reference, layer.volume.geometry.frame_of_reference
    if not fixed or not moving:
        return tr("A DICOM registration ties frames of reference, and one of the images states none. Save the "
                  "transform as a file of ITK instead.")  # fmt: skip
    if fixed == moving:
        return tr("Both images state one frame of reference, so that a DICOM registration could not tell them apart. "
                  "Save the transform as a file of ITK instead.")  # fmt: skip
    return ""


def _referenced(frame: str, layer: ImageLayer | None) -> Referenced:
    """Return the files a layer was read from as DICOM refers to them; only the frame where that is not known."""
    if layer is None or layer.source.kind != "dicom":
        return Referenced(frame)
    try:
        origin = read_origin([Path(path) for path in layer.source.paths])
    except Refused:
        return Referenced(frame)
    if len(origin.instances) < len(layer.source.paths):
        return Referenced(frame)  # rather no image named than half of a series
    return Referenced(frame, origin.study, origin.series, tuple((one.sop_class, one.uid) for one in origin.instances))


def _check(temporary: Path, path: Path, matrix: Floats, fixed: Referenced, moving: Referenced) -> None:
    back = read(temporary).between(fixed.frame_of_reference, moving.frame_of_reference)
    if back is None or abs(back - matrix).max() > 1e-6:
        raise Refused(tr("{name} was not kept: what was written does not read back the same.", name=path.name))
