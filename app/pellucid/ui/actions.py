"""The table of everything a menu, a key or a tool button can do; labels and enabling are derived from state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction, QActionGroup, QKeySequence

from pellucid.model.view import Layout, Tool
from pellucid.ui.theme import icon

if TYPE_CHECKING:
    from pellucid.session import Session
    from pellucid.ui.main_window import MainWindow


def _always(_session: Session) -> str:
    return ""


def _needs_layer(session: Session) -> str:
    return "" if session.document.layers else "Open an image first."


def _needs_image(session: Session) -> str:
    return "" if session.document.images else "Open an image first."


def _needs_labels(session: Session) -> str:
    return "" if session.document.label_layers else "Make a label with a threshold or the brush first."


def _needs_uneven(session: Session) -> str:
    image = session.document.active_image
    if image is None:
        return "Open an image first."
    return "" if not image.geometry.is_even else "The slices are evenly spaced already."


def _can_undo(session: Session) -> str:
    return "" if session.history.can_undo else "There is nothing to undo."


def _can_redo(session: Session) -> str:
    return "" if session.history.can_redo else "There is nothing to redo."


@dataclass(frozen=True)
class Entry:
    """One row: where it stands, what it does, and the sentence that says why it cannot be done now.

    ``checked`` makes the action a switch and reads its state; ``title`` may depend on the session.
    """

    id: str
    menu: str
    title: str | Callable[[Session], str]
    run: Callable[[MainWindow], object]
    keys: tuple[str, ...] = ()
    icon: str = ""
    why_not: Callable[[Session], str] = _always
    checked: Callable[[Session], bool] | None = None
    group: str = ""
    tip: str = ""
    separator: bool = False
    shown_only: bool = False
    """The keys are handled by the canvas; the menu only shows them."""


def _undo_title(session: Session) -> str:
    return f"&Undo {session.history.undo_label or ''}".rstrip()


def _redo_title(session: Session) -> str:
    return f"&Redo {session.history.redo_label or ''}".rstrip()


def _tool(tool: Tool, title: str, key: str, picture: str, tip: str) -> Entry:
    return Entry(f"tool.{tool}", "Tools", title, lambda w: w.set_tool(tool), (key,) if key else (), picture,
                 checked=lambda s: s.view.tool == tool, group="tool", tip=tip, shown_only=True)  # fmt: skip


def _layout(layout: Layout, title: str, key: str, picture: str) -> Entry:
    return Entry(f"view.layout.{layout}", "View", title, lambda w: w.set_layout(layout), (key,), picture,
                 why_not=_needs_layer, checked=lambda s: s.view.layout == layout, group="layout")  # fmt: skip


def _flip(window: MainWindow, field: str) -> None:
    view = window.session.view
    setattr(view, field, not getattr(view, field))


def _display(window: MainWindow, field: str) -> None:
    image = window.session.document.active_image
    if image is not None:
        setattr(image.display, field, not getattr(image.display, field))


def _remove_active(window: MainWindow) -> None:
    layer = window.session.document.active
    if layer is not None:
        window.session.remove(layer)


def _shown(field: str) -> Callable[[Session], bool]:
    def read(session: Session) -> bool:
        image = session.document.active_image
        return bool(image is not None and getattr(image.display, field))

    return read


TABLE: tuple[Entry, ...] = (
    Entry("file.open_folder", "File", "Open &folder…", lambda w: w.files.ask_folder(), ("Ctrl+O",),
          "folder-open-outline", tip="Open a folder or disc of DICOM or images"),
    Entry("file.open_files", "File", "Open f&iles…", lambda w: w.files.ask_files(), ("Ctrl+Shift+O",),
          "file-image-outline", tip="Open image files, DICOM files or a saved work"),
    Entry("file.demo", "File", "Open the &demo study", lambda w: w.session.open_demo(), tip="A generated thorax CT"),
    Entry("file.save", "File", "&Save work", lambda w: w.files.save(), ("Ctrl+S",), "content-save-outline",
          why_not=_needs_layer, separator=True, tip="Layers, labels, windows and layout in one .pellucid file"),
    Entry("file.save_as", "File", "Save work &as…", lambda w: w.files.save_as(), ("Ctrl+Alt+S",), why_not=_needs_layer),
    Entry("file.export", "File", "&Export…", lambda w: w.files.export(), ("Ctrl+E",), "export-variant",
          why_not=_needs_layer, tip="Write an image, a label map or a slice to a file, verified after writing"),
    Entry("file.screenshot", "File", "Save the vie&w as picture…", lambda w: w.files.export_view(), ("Ctrl+Shift+E",),
          why_not=_needs_layer),
    Entry("file.close", "File", "&Close everything", lambda w: w.files.close_all(), ("Ctrl+W",), why_not=_needs_layer,
          separator=True),
    Entry("file.quit", "File", "&Quit", lambda w: w.close(), ("Ctrl+Q",)),
    Entry("edit.undo", "Edit", _undo_title, lambda w: w.session.undo(), ("Ctrl+Z",), "undo", why_not=_can_undo),
    Entry("edit.redo", "Edit", _redo_title, lambda w: w.session.redo(), ("Ctrl+Y", "Ctrl+Shift+Z"), "redo",
          why_not=_can_redo),
    Entry("edit.preferences", "Edit", "&Preferences…", lambda w: w.preferences(), ("Ctrl+,",), separator=True),
    _layout(Layout.SINGLE, "One plane", "Alt+1", "square-outline"),
    _layout(Layout.QUAD, "Three planes and information", "Alt+4", "view-grid-outline"),
    Entry("view.fit", "View", "&Fit", lambda w: w.canvas.fit_all(), ("F",), "fit-to-page-outline", _needs_layer,
          separator=True, shown_only=True),
    Entry("view.reset", "View", "&Reset view", lambda w: w.canvas.reset_views(), ("Ctrl+R",), why_not=_needs_layer,
          shown_only=True),
    Entry("view.invert", "View", "&Invert", lambda w: _display(w, "invert"), ("I",), why_not=_needs_image,
          checked=_shown("invert"), separator=True, shown_only=True),
    Entry("view.interpolate", "View", "&Smooth display", lambda w: _display(w, "interpolate"), (),
          why_not=_needs_image, checked=_shown("interpolate"), tip="Off: every voxel is a sharp rectangle"),
    Entry("view.crosshair", "View", "&Crosshair", lambda w: _flip(w, "show_crosshair"), ("Shift+X",),
          checked=lambda s: s.view.show_crosshair),
    Entry("view.annotations", "View", "Corner &texts", lambda w: _flip(w, "show_annotations"), ("Space",),
          checked=lambda s: s.view.show_annotations, shown_only=True),
    Entry("view.identity", "View", "Hide &identity", lambda w: _flip(w, "hide_identity"), ("Shift+H",),
          "incognito", checked=lambda s: s.view.hide_identity, tip="Take the patient out of the picture",
          shown_only=True),
    Entry("view.full_screen", "View", "F&ull screen", lambda w: w.toggle_full_screen(), ("F11",), separator=True),
    Entry("image.even", "Image", "Make spacing &even", lambda w: w.make_even(), why_not=_needs_uneven,
          tip="Resample an unevenly spaced stack onto even slices"),
    Entry("image.auto", "Image", "&Auto window", lambda w: w.auto_window(), ("Ctrl+J",), "auto-fix", _needs_image),
    Entry("image.reset_window", "Image", "&Reset window", lambda w: w.reset_window(), (), why_not=_needs_image),
    Entry("image.remove", "Image", "Re&move layer", _remove_active, (), why_not=_needs_layer, separator=True),
    _tool(Tool.WINDOW, "&Window level", "W", "contrast-box",
          "Left drag: right is wider, down is brighter"),
    _tool(Tool.CROSSHAIR, "&Crosshair", "H", "crosshairs", "Left click or drag: put the crosshair of all planes here"),
    _tool(Tool.PAN, "&Pan", "T", "cursor-move", "Left drag: move the image"),
    _tool(Tool.ZOOM, "&Zoom", "Z", "magnify", "Left drag up or down: zoom"),
    _tool(Tool.BRUSH, "&Brush", "B", "brush", "Left drag: paint the active label · Ctrl: erase · [ ]: size"),
    _tool(Tool.ERASER, "&Eraser", "", "eraser", "Left drag: erase the active label · [ ] or Shift+wheel: size"),
    Entry("segment.labels", "Segment", "New &label layer", lambda w: w.new_label_layer(), (), "layers-plus",
          _needs_image),
    Entry("segment.show", "Segment", "&Show labels", lambda w: w.toggle_labels(), ("G",), why_not=_needs_labels,
          shown_only=True),
    Entry("help.keys", "Help", "&Mouse and keys", lambda w: w.show_keys(), ("F1",), "keyboard-outline"),
    Entry("help.about", "Help", "&About Pellucid", lambda w: w.about()),
)  # fmt: skip


class Actions:
    """The QActions of the table, kept true to the session."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._groups: dict[str, QActionGroup] = {}
        self.by_id = {entry.id: self._make(entry) for entry in TABLE}

    def _make(self, entry: Entry) -> QAction:
        action = QAction(self._window)
        action.setObjectName(entry.id)
        if entry.icon:
            action.setIcon(icon(entry.icon))
        if entry.shown_only:
            action.setProperty("canvas_key", entry.keys[0] if entry.keys else "")
        else:
            action.setShortcuts([QKeySequence(key) for key in entry.keys])
        action.setCheckable(entry.checked is not None)
        if entry.group:
            group = self._groups.setdefault(entry.group, QActionGroup(self._window))
            group.addAction(action)
        action.triggered.connect(lambda _checked=False, e=entry: self._run(e))
        return action

    def _run(self, entry: Entry) -> None:
        self._window.attempt(lambda: entry.run(self._window))
        self.refresh()

    def refresh(self) -> None:
        """Derive text, state and tooltip of every action from the session."""
        session = self._window.session
        for entry in TABLE:
            action = self.by_id[entry.id]
            title = entry.title if isinstance(entry.title, str) else entry.title(session)
            reason = entry.why_not(session)
            keys = f"  ({entry.keys[0]})" if entry.keys else ""
            action.setText(f"{title}\t{entry.keys[0]}" if entry.shown_only and entry.keys else title)
            action.setIconText(title.replace("&", ""))
            action.setEnabled(not reason)
            action.setToolTip(
                reason or f"{title.replace('&', '')}{keys}" + (f"\n{entry.tip}" if entry.tip else "")
            )
            if entry.checked is not None:
                action.setChecked(entry.checked(session))
