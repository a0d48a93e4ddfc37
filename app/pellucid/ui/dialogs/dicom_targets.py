"""What the dialog “Export DICOM” offers, and how it lays out what belongs to each choice."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QLabel, QWidget

from pellucid.files.dicom_objects import RTSTRUCT, SEG
from pellucid.language import mark, tr
from pellucid.model.layer import ImageLayer, LabelLayer, Layer

if TYPE_CHECKING:
    from pellucid.session import Session

_KINDS = ((mark("{name} (labels as segmentation)"), (SEG,)), (mark("{name} (labels as structure set)"), (RTSTRUCT,)),
          (mark("{name} (labels as segmentation and structure set)"), (SEG, RTSTRUCT)))  # fmt: skip


@dataclass(frozen=True, eq=False)
class What:
    """A layer and the kinds of objects it becomes; without a layer a picture of the pane in use."""

    layer: Layer | None = None
    kinds: tuple[str, ...] = ()


def choices(session: Session) -> list[tuple[str, What]]:
    """Return what can be chosen: every layer, the active one first, labels in each kind, and the pane in use."""
    found: list[tuple[str, What]] = []
    order = {id(layer): n for n, layer in enumerate(session.document.layers)}
    active = session.document.active
    for layer in sorted(session.document.layers, key=lambda one: (one is not active, -order[id(one)])):
        if isinstance(layer, LabelLayer):
            found += [(tr(title, name=layer.name), What(layer, kinds)) for title, kinds in _KINDS]
        else:
            found.append((tr("{name} (image)", name=layer.name), What(layer)))
    found.append((tr("Picture of the pane in use"), What()))
    return found


def of_cleaning(image: ImageLayer | None) -> list[str]:
    """Say what de-identification does to an image, or to labels on it, and what it does not."""
    said = [tr("De-identified: names, numbers, dates and times go, texts keep words of anatomy and technique; the "
               "patient is called P0001. Pixels stay: look at them before you pass it on.")]  # fmt: skip
    if image is not None and image.volume.acquisition.may_be_burned_in:
        said.append(tr("The image may hold texts that name the patient. De-identify can make them black in the files."))
    if image is not None and image.volume.suv_factor is not None:
        said.append(tr("Uptake (SUV) cannot be computed from the copy: weight and times are gone."))
    return said


def align(*bodies: QWidget) -> None:
    """Let controls of several parts begin below each other."""
    titles = [label for body in bodies for label in body.findChildren(QLabel) if label.buddy() is not None]
    width = max(label.sizeHint().width() for label in titles)
    for label in titles:
        label.setMinimumWidth(width)


def free_name(path: Path) -> Path:
    """Return a path that is not there, with a number where it is."""
    candidate, n = path, 2
    while candidate.exists():
        candidate, n = path.with_name(f"{path.name} {n}"), n + 1
    return candidate
