"""The look of the window: two palettes, one small stylesheet, icons that follow the text colour.

``apply(app, "dark" | "light" | "system")`` may be called at any time; ``colors()`` tells the present colours,
and ``signals.changed`` is emitted after every change, for the few widgets that paint with their own pens.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QApplication

from pellucid.model.view import Plane
from pellucid.ui.icons import icon, icon_font
from pellucid.ui.stylesheet import SELECTED, mix, stylesheet

Mode = Literal["dark", "light", "system"]

GRID, MARGIN, SECTION_GAP, CONTROL_HEIGHT, ICON_SIZE = 4, 8, 12, 26, 18

PLANE_COLORS: dict[Plane, str] = {
    Plane.AXIAL: "#e5645a",
    Plane.CORONAL: "#5ccf8a",
    Plane.SAGITTAL: "#e8c547",
    Plane.ACQUIRED: "#9aa0a8",
}


@dataclass(frozen=True)
class Colors:
    """The named colours of a theme, each ``#rrggbb``; see the table of the look."""

    window: str
    panel: str
    raised: str
    line: str
    text: str
    dim: str
    accent: str
    on_accent: str
    warning: str
    danger: str
    good: str


DARK = Colors(
    window="#1f2124", panel="#26292d", raised="#2e3236", line="#3a3f45", text="#d8dbe0", dim="#9aa0a8",
    accent="#4aa3ff", on_accent="#0b1622", warning="#f2b84b", danger="#ff6b5e", good="#5ccf8a",
)  # fmt: skip
LIGHT = Colors(
    window="#f5f6f7", panel="#ffffff", raised="#e9ebee", line="#d5d9de", text="#1d2126", dim="#555c66",
    accent="#0a5cb0", on_accent="#ffffff", warning="#7d5200", danger="#b3261e", good="#17683a",
)  # fmt: skip


class _Signals(QObject):
    changed = Signal()


signals = _Signals()
_state: dict[str, object] = {"mode": "dark", "colors": DARK, "follows": False}


def colors() -> Colors:
    """Return the palette in force."""
    current = _state["colors"]
    assert isinstance(current, Colors)
    return current


def is_dark() -> bool:
    """Return whether the dark palette is in force."""
    return colors() is DARK


def apply(app: QApplication, mode: Mode = "dark") -> None:
    """Dress the application in a theme; ``system`` follows the platform's choice, now and later."""
    hints = app.styleHints()
    wanted = {"dark": Qt.ColorScheme.Dark, "light": Qt.ColorScheme.Light}.get(mode, Qt.ColorScheme.Unknown)
    if not _state["follows"]:
        hints.colorSchemeChanged.connect(lambda scheme: _follow(app, scheme))
        _state["follows"] = True
    _state["mode"] = ""  # what the platform says of the next line is our own doing
    app.setStyle("Fusion")
    hints.setColorScheme(wanted)
    _state["mode"] = mode
    _dress(app, chosen(mode, hints.colorScheme()))


def chosen(mode: str, scheme: Qt.ColorScheme) -> Colors:
    """Return the colours of a mode where the platform prefers a scheme; dark where it prefers none."""
    return LIGHT if mode == "light" or (mode == "system" and scheme == Qt.ColorScheme.Light) else DARK


def _follow(app: QApplication, scheme: Qt.ColorScheme) -> None:
    """Take the colours the platform turned to, if they are to be followed and are others than now."""
    if _state["mode"] == "system" and chosen("system", scheme) is not colors():
        _dress(app, chosen("system", scheme))


def selection() -> str:
    """Return the quiet background of a selected row."""
    return mix(colors().accent, colors().panel, SELECTED)


def groove() -> str:
    """Return the colour of a slider's groove."""
    return mix(colors().dim, colors().panel, 0.4)


def small_caps(font: QFont) -> QFont:
    """Return the font of a section title: capitals of at least 11 px, weight 600, a little air."""
    title = QFont(font)
    title.setPixelSize(max(11, _pixels(font) - 1))
    title.setWeight(QFont.Weight.DemiBold)
    title.setCapitalization(QFont.Capitalization.AllUppercase)
    title.setLetterSpacing(QFont.SpacingType.PercentageSpacing, 106)
    return title


def figures(font: QFont) -> QFont:
    """Return the font with figures of equal width."""
    tabular = QFont(font)
    tabular.setFeature(QFont.Tag("tnum"), 1)
    return tabular


def contrast(first: str, second: str) -> float:
    """Return the contrast ratio of two colours, 1 to 21, after WCAG 2.2 §1.4.3."""
    bright, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def _luminance(color: str) -> float:
    channels = (QColor(color).redF(), QColor(color).greenF(), QColor(color).blueF())
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _pixels(font: QFont) -> int:
    return font.pixelSize() if font.pixelSize() > 0 else round(font.pointSizeF() * 96 / 72)


def _dress(app: QApplication, wanted: Colors) -> None:
    _state["colors"] = wanted
    app.setPalette(_palette(wanted))
    app.setStyleSheet(stylesheet(asdict(wanted), "dark" if wanted is DARK else "light"))
    signals.changed.emit()


def _palette(c: Colors) -> QPalette:
    role, group = QPalette.ColorRole, QPalette.ColorGroup
    palette = QPalette(QColor(c.raised), QColor(c.window))
    table = {
        role.Window: c.window, role.WindowText: c.text, role.Base: c.panel, role.AlternateBase: c.raised,
        role.Text: c.text, role.Button: c.raised, role.ButtonText: c.text, role.ToolTipBase: c.raised,
        role.ToolTipText: c.text, role.PlaceholderText: c.dim, role.Highlight: c.accent,
        role.HighlightedText: c.on_accent, role.Link: c.accent, role.LinkVisited: c.accent,
        role.BrightText: c.danger, role.Mid: c.line, role.Accent: c.accent,
    }  # fmt: skip
    for which, color in table.items():
        palette.setColor(which, QColor(color))
    faded = QColor(c.dim)
    faded.setAlphaF(0.6)
    for which in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(group.Disabled, which, faded)
    return palette


__all__ = [
    "CONTROL_HEIGHT", "DARK", "GRID", "ICON_SIZE", "LIGHT", "MARGIN", "PLANE_COLORS", "SECTION_GAP", "Colors",
    "apply", "chosen", "colors", "contrast", "figures", "groove", "icon", "icon_font", "is_dark", "selection",
    "signals", "small_caps",
]  # fmt: skip
