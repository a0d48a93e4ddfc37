"""One row of the action table, and the reasons why an action cannot be done now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pellucid.language import tr
from pellucid.model.view import Tool

if TYPE_CHECKING:
    from pellucid.session import Session
    from pellucid.ui.main_window import MainWindow


def always(_session: Session) -> str:
    """Return why not, or nothing."""
    return ""


def needs_layer(session: Session) -> str:
    """Return why not, or nothing."""
    return "" if session.document.layers else tr("Open an image first.")


def needs_image(session: Session) -> str:
    """Return why not, or nothing."""
    return "" if session.document.images else tr("Open an image first.")


def needs_two(session: Session) -> str:
    """Return why not, or nothing."""
    several = len(session.document.images) > 1
    return "" if several else tr("Open a second image over the first: Studies, right click, Add as a layer.")


def needs_labels(session: Session) -> str:
    """Return why not, or nothing."""
    return "" if session.document.label_layers else tr("Make a label with a threshold or the brush first.")


def needs_uneven(session: Session) -> str:
    """Return why not, or nothing."""
    image = session.document.active_image
    if image is None:
        return tr("Open an image first.")
    return "" if not image.geometry.is_even else tr("The slices are evenly spaced already.")


def can_undo(session: Session) -> str:
    """Return why not, or nothing."""
    return "" if session.history.can_undo else tr("There is nothing to undo.")


def can_redo(session: Session) -> str:
    """Return why not, or nothing."""
    return "" if session.history.can_redo else tr("There is nothing to redo.")


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
    why_not: Callable[[Session], str] = always
    checked: Callable[[Session], bool] | None = None
    group: str = ""
    tip: str | Callable[[Session], str] = ""
    separator: bool = False
    tool: Tool | None = None
    """The tool of the left button that the action chooses; its tooltip tells what the other buttons do."""
    shown_only: bool = False
    """The keys are handled by the canvas; the menu only shows them."""

    def title_now(self, session: Session) -> str:
        """Return the title in the language of the user, with the marks of menus."""
        return tr(self.title) if isinstance(self.title, str) else self.title(session)

    def tip_now(self, session: Session) -> str:
        """Return the tip in the language of the user."""
        return tr(self.tip) if isinstance(self.tip, str) else self.tip(session)

    @property
    def menu_titles(self) -> tuple[str, ...]:
        """Return the headings it stands under in the language of the user, with the marks of menus."""
        return tuple(map(tr, menu_texts(self.menu)))


def menu_texts(menu: str) -> tuple[str, ...]:
    """Return the headings of a menu in English as they are shown: ``"View/&Layout"`` is ``("&View", "&Layout")``."""
    above, *below = menu.split("/")
    return (f"&{above}", *below)
