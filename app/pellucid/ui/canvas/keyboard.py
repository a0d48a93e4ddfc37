"""The keyboard of the canvas: which key means what now, and which pane it is for.

Keys act on the pane under the mouse and never while a text field has the focus. The canvas sees the keys of
its whole window first, so a dock need not lose the focus for that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QKeyCombination, QObject, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)

from pellucid.model.view import Tool
from pellucid.ui.canvas.key_book import KeyBook
from pellucid.ui.canvas.keys import ACTIONS, KeyAction

if TYPE_CHECKING:
    from pellucid.ui.canvas.canvas_area import CanvasArea
    from pellucid.ui.canvas.slice_view import SliceView

_TAP = 350  # ms; longer is a hold
_KEYBOARD = (QEvent.Type.KeyPress, QEvent.Type.KeyRelease, QEvent.Type.FocusOut)
_TEXT_FIELDS = (QLineEdit, QTextEdit, QPlainTextEdit, QAbstractSpinBox)


class Keyboard(QObject):
    """Gives keys to the canvas and remembers which are held."""

    def __init__(self, area: CanvasArea) -> None:
        super().__init__(area)
        self._area = area
        self.key_map: KeyMap = KeyMap()
        self._rekey()
        area.session.habits_changed.connect(self._rekey)
        self._moment = 0  # ms when the key was moved that is acted on, however late that is
        self.space: Space = Space(self._flip_texts, lambda: self._moment)
        self.pick: HeldTool = HeldTool(Tool.PICK_LABEL, lambda: self._moment)

    def _rekey(self) -> None:
        """Take up the keys of the settings."""
        self.key_map.set_keys(KeyBook(self._area.session, ()).pane_keys())

    def listen(self) -> None:
        """See the keys of the window the canvas stands in before its widgets do.

        Windows come and go when docks float or the canvas moves, so none is remembered: keys of a window that
        is not the present one are left alone.
        """
        window = self._area.window().windowHandle()
        if window is not None:
            window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take the keys that mean something on the pane under the mouse."""
        kind = event.type()
        if kind not in _KEYBOARD or watched is not self._area.window().windowHandle():
            return False
        if kind == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            return self.press(event)
        if kind == QEvent.Type.KeyRelease and isinstance(event, QKeyEvent):
            return self.release(event)
        self.let_go()
        return False

    def press(self, event: QKeyEvent) -> bool:
        """Do what a key means; return whether it means anything."""
        self._moment = event.timestamp()
        pane = self._area.pane_under_mouse()
        if pane is None or text_has_focus() or QApplication.activePopupWidget() is not None:
            return False
        pane.mouse.modifiers_changed(event.modifiers() | _own_modifier(event))
        return pane.mouse.key(event) or self.key_map.press(event, self._area, pane)

    def release(self, event: QKeyEvent) -> bool:
        """Do what letting go of a key means; return whether it means anything."""
        self._moment = event.timestamp()
        pane = self._area.pane_under_mouse()
        if pane is not None:
            pane.mouse.modifiers_changed(event.modifiers() & ~_own_modifier(event))
        return self.key_map.release(event, self._area)

    def let_go(self) -> None:
        """Let go of every held key, because its release will not be seen."""
        self.space.forget()
        self._moment += _TAP  # nobody saw when, so nothing was a tap
        self.key_map.let_go(self._area)

    def _flip_texts(self) -> None:
        view = self._area.session.view
        view.show_annotations = not view.show_annotations


class Space:
    """Space: a tap hides or shows the texts, holding it pans with the left button."""

    def __init__(self, toggle: Callable[[], None], moment: Callable[[], int]) -> None:
        self._toggle, self._moment, self._since = toggle, moment, 0
        self._pane: SliceView | None = None

    def press(self, pane: SliceView) -> None:
        """Begin to hold."""
        self._pane = pane
        self._since = self._moment()
        pane.mouse.hold_pan(True)

    def release(self, _pane: SliceView) -> None:
        """Let go: a short press in which nothing was dragged is a tap."""
        pane, self._pane = self._pane, None
        if pane is not None and not pane.mouse.hold_pan(False) and self._moment() - self._since < _TAP:
            self._toggle()

    def forget(self) -> None:
        """Let go without consequence, when the window loses the keyboard."""
        if self._pane is not None:
            self._pane.mouse.hold_pan(False)
            self._pane = None


class HeldTool:
    """The key of a tool: a tap chooses the tool, while held it is in force and then the tool before returns."""

    def __init__(self, tool: Tool, moment: Callable[[], int]) -> None:
        self._tool, self._moment, self._since = tool, moment, 0
        self._before: Tool | None = None

    def press(self, area: CanvasArea) -> None:
        """Take the tool."""
        before = area.session.view.tool
        self._before = before if before is not self._tool else None
        self._since = self._moment()
        area.choose_tool(self._tool)

    def release(self, area: CanvasArea) -> None:
        """Keep the tool after a tap; after a hold give the one before back."""
        before, self._before = self._before, None
        if before is not None and self._moment() - self._since >= _TAP and area.session.view.tool is self._tool:
            area.choose_tool(before)


class KeyMap:
    """The keys in force."""

    def __init__(self, actions: Iterable[KeyAction] = ACTIONS) -> None:
        self._actions = {action.name: action for action in actions}
        self._keys: dict[str, tuple[str, ...]] = {action.name: (action.key,) for action in self._actions.values()}
        self._by_key: dict[QKeyCombination, KeyAction] = {}
        self._held: dict[int, tuple[KeyAction, SliceView]] = {}
        self._index()

    def key(self, name: str) -> str:
        """Return the first key of an action as it is written in menus, or ``""``."""
        return next(iter(self._keys[name]), "")

    def actions(self, names: Iterable[str]) -> tuple[KeyAction, ...]:
        """Return actions by their names."""
        return tuple(self._actions[name] for name in names)

    def set_keys(self, keys: Mapping[str, tuple[str, ...]]) -> None:
        """Let these keys be in force from now on, by the names of actions; an action may have none."""
        self._keys = {name: keys.get(name, ()) for name in self._actions}
        self._index()

    def press(self, event: QKeyEvent, area: CanvasArea, pane: SliceView) -> bool:
        """Do what a key means on a pane; return whether it means anything."""
        action = self._by_key.get(_pressed(event))
        if action is None:
            return False
        if event.isAutoRepeat() and action.release is not None:
            return True
        if action.release is not None:
            self._held[event.key()] = (action, pane)
        return action.run(area, pane) is not False

    def release(self, event: QKeyEvent, area: CanvasArea) -> bool:
        """Do what letting go of a held key means, wherever the mouse is by now."""
        if event.isAutoRepeat():
            return event.key() in self._held
        held = self._held.pop(event.key(), None)
        if held is None:
            return False
        action, pane = held
        if action.release is not None:
            action.release(area, pane)
        return True

    def let_go(self, area: CanvasArea) -> None:
        """Let go of every held key, because its release will not be seen."""
        for action, pane in self._held.values():
            if action.release is not None:
                action.release(area, pane)
        self._held.clear()

    def _index(self) -> None:
        pairs = ((key, action) for name, action in self._actions.items() for key in self._keys[name])
        self._by_key = {_combination(key): action for key, action in pairs}


def types_text(widget: QWidget | None) -> bool:
    """Return whether keys belong to a widget because text is typed into it."""
    if isinstance(widget, QComboBox):
        return widget.isEditable()
    return isinstance(widget, _TEXT_FIELDS) and not widget.isReadOnly()


def text_has_focus() -> bool:
    """Return whether a text field has the focus."""
    return types_text(QApplication.focusWidget())


def _combination(key: str) -> QKeyCombination:
    return QKeySequence.fromString(key)[0]  # type: ignore[index]


def _pressed(event: QKeyEvent) -> QKeyCombination:
    """Return the key without what only tells where it lies; characters that need Shift count as typed."""
    modifiers = event.modifiers() & ~(Qt.KeyboardModifier.KeypadModifier | Qt.KeyboardModifier.GroupSwitchModifier)
    key = Qt.Key(event.key()) if event.key() else Qt.Key.Key_unknown
    shift = Qt.KeyboardModifier.ShiftModifier
    if modifiers == shift and key < 0x100 and not chr(key).isalnum() and key != Qt.Key.Key_Space:
        modifiers &= ~shift
    return QKeyCombination(modifiers, key)


def _own_modifier(event: QKeyEvent) -> Qt.KeyboardModifier:
    """Return the modifier a key is itself; whether an event counts its own differs between platforms."""
    keys = {
        Qt.Key.Key_Control: Qt.KeyboardModifier.ControlModifier,
        Qt.Key.Key_Shift: Qt.KeyboardModifier.ShiftModifier,
        Qt.Key.Key_Alt: Qt.KeyboardModifier.AltModifier,
    }
    return keys.get(Qt.Key(event.key()), Qt.KeyboardModifier.NoModifier)
