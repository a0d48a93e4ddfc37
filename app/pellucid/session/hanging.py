"""Hanging rules: which layout suits what is opened. The rules are tables; nothing here knows a session.

One image is hung by the first of ``RULES`` that fits. A study is hung by the first of ``STUDY_RULES`` whose images
it holds; where none fits, only its largest series is opened.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pellucid.language import mark
from pellucid.model.view import Layout, Plane

PROJECTIONS = frozenset({"CR", "DX", "MG", "RF", "XA", "PX", "IO", "US", "OP", "ES", "GM", "SM"})
"""Modalities (DICOM PS3.3 C.7.3.1.1.1) whose images are seen only as they were taken."""


@dataclass(frozen=True)
class Candidate:
    """What is known of one image before it is opened.

    ``laterality`` is R, L, B or nothing and ``view`` the view position (CC, MLO …) of a mammogram.
    """

    modality: str = ""
    planar: bool = False
    frames: int = 1
    voxels: int = 0
    frame_of_reference: str = ""
    laterality: str = ""
    view: str = ""


@dataclass(frozen=True)
class Rule:
    """The layout of one image; empty and None fit everything. A ``plane`` is shown in a single pane."""

    name: str
    layout: Layout
    modalities: frozenset[str] = frozenset()
    planar: bool | None = None
    several_frames: bool | None = None
    plane: Plane | None = None

    def fits(self, image: Candidate) -> bool:
        """Return whether the rule is meant for an image."""
        return (
            (not self.modalities or image.modality in self.modalities)
            and self.planar in (None, image.planar)
            and self.several_frames in (None, image.frames > 1)
        )


RULES: tuple[Rule, ...] = (
    Rule(mark("Single picture"), Layout.SINGLE, planar=True),
    Rule(mark("Projection with several frames"), Layout.SINGLE, PROJECTIONS, several_frames=True, plane=Plane.ACQUIRED),
    Rule(mark("Time series"), Layout.SINGLE, several_frames=True, plane=Plane.ACQUIRED),
    Rule(mark("Volume"), Layout.QUAD, planar=False),
)


@dataclass(frozen=True)
class Hung:
    """Where the images of a study go: for each pane its plane and the images it shows, by their number.

    ``shared`` images are also seen in panes that show everything; others only where they are named.
    """

    layout: Layout
    panes: tuple[tuple[Plane, tuple[int, ...]], ...]
    shared: bool = False

    @property
    def images(self) -> tuple[int, ...]:
        """Return the numbers of the images that are opened, each once, in the order of the panes."""
        return tuple(dict.fromkeys(n for _, shown in self.panes for n in shown))


@dataclass(frozen=True)
class StudyRule:
    """A way to hang several images of a study; ``hang`` returns None where it does not fit.

    ``at_once``: the rule is also used when a folder is opened, because the images are small.
    """

    name: str
    hang: Callable[[Sequence[Candidate]], Hung | None]
    at_once: bool = False


def hang_pet_ct(images: Sequence[Candidate]) -> Hung | None:
    """Hang CT, PET and both over each other side by side, when they lie in one frame of reference."""
    emission = _largest(images, ("PT", "NM"))
    below = _largest(images, ("CT", "MR"), images[emission].frame_of_reference) if emission is not None else None
    if emission is None or below is None:
        return None
    axial = Plane.AXIAL
    panes = ((axial, (below,)), (axial, (emission,)), (axial, (below, emission)))
    return Hung(Layout(1, 3), panes, shared=True)


def hang_mammograms(images: Sequence[Candidate]) -> Hung | None:
    """Hang two to four mammograms as tiles: the right breast to the left of the left one, CC above MLO."""
    found = [n for n, image in enumerate(images) if image.modality == "MG" and image.planar]
    if not 2 <= len(found) <= 4:
        return None
    sides = [images[n].laterality for n in found]
    if set(sides) == {"R", "L"} and sides.count("R") == sides.count("L"):
        by_side = {side: sorted((n for n in found if images[n].laterality == side), key=lambda n: images[n].view)
                   for side in "RL"}  # fmt: skip
        found = [n for pair in zip(by_side["R"], by_side["L"], strict=True) for n in pair]
    return _tiles(found)


def hang_pictures(images: Sequence[Candidate]) -> Hung | None:
    """Hang two to four radiographs as tiles, in their order."""
    found = [n for n, image in enumerate(images) if image.modality in ("CR", "DX") and image.planar]
    return _tiles(found) if 2 <= len(found) <= 4 else None


STUDY_RULES: tuple[StudyRule, ...] = (
    StudyRule(mark("PET and CT"), hang_pet_ct),
    StudyRule(mark("Mammograms"), hang_mammograms, at_once=True),
    StudyRule(mark("Radiographs"), hang_pictures, at_once=True),
)


def hang_image(image: Candidate) -> Rule | None:
    """Return the first rule that fits an image."""
    return next((rule for rule in RULES if rule.fits(image)), None)


def hang_study(images: Sequence[Candidate], *, at_once: bool = False) -> Hung | None:
    """Return how a study is hung, or None when no rule fits; ``at_once`` asks only rules for opened folders."""
    rules = (rule for rule in STUDY_RULES if rule.at_once or not at_once)
    return next((hung for rule in rules if (hung := rule.hang(images)) is not None), None)


def _tiles(found: list[int]) -> Hung:
    layout = Layout(1, 2) if len(found) == 2 else Layout.QUAD
    return Hung(layout, tuple((Plane.ACQUIRED, (n,)) for n in found))


def _largest(images: Sequence[Candidate], modalities: tuple[str, ...], reference: str | None = None) -> int | None:
    """Return the number of the largest volume of some modalities, within a frame of reference if one is given."""
    fitting = [
        n for n, image in enumerate(images)
        if image.modality in modalities and not image.planar
        and (reference is None or image.frame_of_reference == reference != "")
    ]  # fmt: skip
    return max(fitting, key=lambda n: images[n].voxels, default=None)
