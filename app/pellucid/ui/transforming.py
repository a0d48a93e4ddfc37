"""What a user does with the transform of a layer: the rows of the menu Transform, for menus and for the layer list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from pellucid.language import mark, tr
from pellucid.model.findings import Refused
from pellucid.model.layer import Layer
from pellucid.ui.theme import icon

if TYPE_CHECKING:
    from pellucid.session import Session

Run = Callable[["Session", Layer, QWidget], object]
READ = "*.tfm *.txt *.h5 *.hdf5 *.mat *.nrrd *.nii *.nii.gz"


@dataclass(frozen=True)
class Row:
    """One thing to do with a transform: how it is called, what it does, why it cannot be done now."""

    id: str
    title: str
    icon: str
    tip: str
    run: Run
    why_not: Callable[[Session, Layer | None], str]


def layer_in_use(session: Session) -> Layer | None:
    """Return the layer whose transform is meant: the active one, of labels the image they lie on."""
    active = session.document.active
    return None if active is None else session.placing.owner(active)


def _needs_transform(session: Session, layer: Layer | None) -> str:
    return session.transforms.why_not(layer)


def _needs_even(session: Session, layer: Layer | None) -> str:
    return session.hardening.why_not(layer)


def _needs_layer(session: Session, layer: Layer | None) -> str:
    if layer is None or session.loading.is_placeholder(layer):
        return tr("Open an image first.")
    return ""


def _needs_companion(session: Session, layer: Layer | None) -> str:
    why = session.transforms.why_not(layer)
    if why or layer is None:
        return why
    if not session.placing.companions(layer):
        return tr("No other layer lies in the world that “{name}” had before it was moved.", name=layer.name)
    return ""


def _harden(session: Session, layer: Layer, parent: QWidget) -> None:
    from pellucid.ui.dialogs.harden import HardenDialog

    HardenDialog(session, layer, parent).exec()


def _copy(session: Session, layer: Layer, parent: QWidget) -> None:
    menu = QMenu(parent)
    fill_companions(menu, session, layer)
    menu.popup(parent.mapToGlobal(parent.rect().center()))


def fill_companions(menu: QMenu, session: Session, layer: Layer) -> None:
    """List the layers that a transform can be copied to."""
    for other in session.placing.companions(layer):
        menu.addAction(other.name.replace("&", "&&"), partial(session.placing.copy, layer, other))


def _load(session: Session, layer: Layer, parent: QWidget, *, join: bool = False) -> None:
    kinds = tr("Transforms") + f" ({READ})"
    name, _ = QFileDialog.getOpenFileName(parent, tr("Load a transform"), session.settings.last_folder, kinds)
    if name:
        session.settings.last_folder = str(Path(name).parent)
        session.transforms.load(layer, Path(name), join=join)


def _save(session: Session, layer: Layer, parent: QWidget) -> None:
    kinds = (tr("ITK transform (*.tfm *.txt *.h5 *.mat)"), tr("Displacement field (*.nrrd *.nii.gz)"))
    name = session.concealing.nameless(layer.name)
    stem = "".join(c if c.isalnum() or c in " -_" else "_" for c in name).strip() or "transform"
    start = str(Path(session.settings.last_folder or ".") / f"{stem[:80]}.tfm")
    name, _ = QFileDialog.getSaveFileName(parent, tr("Save the transform"), start, ";;".join(kinds))
    if name:
        path = Path(name) if Path(name).suffix else Path(f"{name}.tfm")
        session.settings.last_folder = str(path.parent)
        session.transforms.save(layer, path)


ROWS: tuple[Row, ...] = (
    Row("harden", mark("Resample to &grid…"), "grid", mark("Make voxels of what the transform shows, and take it off"),
        _harden, _needs_even),
    Row("invert", mark("&Invert"), "swap-vertical", mark("Take the inverse: for a transform that goes the other way"),
        lambda session, layer, _parent: session.transforms.invert(layer), _needs_transform),
    Row("swap", mark("&Exchange fixed and moving"), "swap-horizontal",
        mark("Leave this image where its source says and bring all others to it"),
        lambda session, layer, _parent: session.transforms.swap(layer), _needs_transform),
    Row("copy", mark("&Copy to…"), "content-copy", mark("Move another layer along, such as the PET of this CT"), _copy,
        _needs_companion),
    Row("reset", mark("&Reset"), "backup-restore", mark("Take the transform off; the layer lies where its source says"),
        lambda session, layer, _parent: session.placing.reset(layer), _needs_transform),
    Row("load", mark("&Load…"), "folder-open-outline",
        mark("Read a transform or displacement field, from the fixed image to this one"), _load, _needs_layer),
    Row("join", mark("&Join with a file…"), "link-variant-plus",
        mark("Read a transform that acts before the one this layer has"), partial(_load, join=True), _needs_transform),
    Row("save", mark("&Save…"), "content-save-outline", mark("Write the transform to a file"), _save,
        _needs_transform),
)  # fmt: skip


def do(row: Row, session: Session, layer: Layer | None, parent: QWidget) -> None:
    """Do what a row says; what cannot be done is said."""
    try:
        if why := row.why_not(session, layer):
            raise Refused(why)
        if layer is not None:
            row.run(session, layer, parent)
    except Refused as refusal:
        session.notice.emit(str(refusal), "warning")


def transform_menu(session: Session, layer: Layer, parent: QWidget) -> QMenu:
    """Return the menu Transform of a layer."""
    menu = QMenu(tr("Transform"), parent)
    menu.setIcon(icon("axis-arrow"))
    menu.setToolTipsVisible(True)
    layer = session.placing.owner(layer)
    for row in ROWS:
        why = row.why_not(session, layer)
        if row.id == "copy" and not why:
            copies = menu.addMenu(icon(row.icon), tr(row.title).rstrip("…"))
            fill_companions(copies, session, layer)
            continue
        action = menu.addAction(icon(row.icon), tr(row.title), partial(do, row, session, layer, parent))
        action.setObjectName(row.id)
        action.setEnabled(not why)
        action.setToolTip(why or tr(row.tip))
    return menu
