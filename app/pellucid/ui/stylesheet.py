"""The one stylesheet: 4 px grid, controls 26 px high, flat surfaces, a visible focus ring."""

from __future__ import annotations

from collections.abc import Mapping
from string import Template

SELECTED = 0.26
"""The share of the accent in the background of a selected row."""


def stylesheet(colors: Mapping[str, str], variant: str) -> str:
    """Return the stylesheet for a table of colours; ``variant`` (dark, light) picks the arrow pictures."""
    from pellucid.paths import resources

    pictures = (resources() / "themes").as_posix()
    return _SHEET.substitute(
        colors,
        select=mix(colors["accent"], colors["panel"], SELECTED),
        hover=mix(colors["text"], colors["raised"], 0.08),
        press=mix(colors["text"], colors["raised"], 0.16),
        faded=mix(colors["dim"], colors["panel"], 0.62),
        groove=mix(colors["dim"], colors["panel"], 0.35),
        edge=mix(colors["dim"], colors["panel"], 0.30),
        field=mix(colors["window"], colors["panel"], 0.75),
        wrong=mix(colors["danger"], colors["panel"], 0.16),
        down=f"{pictures}/chevron-down-{variant}.svg",
        right=f"{pictures}/chevron-right-{variant}.svg",
        check=f"{pictures}/check-{variant}.svg",
    )


def mix(front: str, back: str, share: float) -> str:
    """Return ``share`` of one ``#rrggbb`` colour laid over another."""
    pairs = ((int(front[k : k + 2], 16), int(back[k : k + 2], 16)) for k in (1, 3, 5))
    return "#" + "".join(f"{round(a * share + b * (1 - share)):02x}" for a, b in pairs)


_SHEET = Template("""
QWidget { outline: none; }
QMainWindow::separator { background: $window; width: 4px; height: 4px; }
QMainWindow::separator:hover { background: $accent; }
QDockWidget { titlebar-close-icon: none; }
QToolTip { background: $raised; color: $text; border: 1px solid $edge; padding: 4px 8px; }

QWidget[panel="true"], QScrollArea[panel="true"],
QScrollArea[panel="true"] > QWidget > QWidget { background: $panel; }
QLabel[dim="true"] { color: $dim; }
QLabel[tone="warning"] { color: $warning; }
QLabel[tone="danger"] { color: $danger; }
QLabel[tone="good"] { color: $good; }
QFrame[rule="true"] { background: $line; border: none; max-height: 1px; min-height: 1px; }
QFrame[card="true"] { background: $raised; border: 1px solid $line; border-radius: 6px; }

QPushButton, QToolButton[boxed="true"] {
  background: $raised; color: $text; border: 1px solid $edge; border-radius: 4px;
  padding: 0 12px; min-height: 24px; max-height: 24px;
}
QToolButton[boxed="true"] { padding: 0 6px; }
QPushButton:hover, QToolButton[boxed="true"]:hover { background: $hover; }
QPushButton:pressed, QToolButton[boxed="true"]:pressed { background: $press; }
QPushButton:focus, QToolButton[boxed="true"]:focus { border-color: $accent; }
QPushButton:disabled, QToolButton[boxed="true"]:disabled {
  color: $faded; background: $panel; border-color: $line;
}
QPushButton[primary="true"] {
  background: $accent; color: $on_accent; border-color: $accent; font-weight: 600;
}
QPushButton[primary="true"]:hover { border-color: $text; }
QPushButton[primary="true"]:focus { border: 2px solid $text; }
QPushButton[primary="true"]:disabled { background: $panel; color: $faded; border-color: $line; }
QPushButton[link="true"] {
  background: transparent; border: 1px solid transparent; color: $accent; padding: 0 4px; text-align: left;
}
QPushButton[link="true"]:hover { text-decoration: underline; }
QPushButton[link="true"]:focus { border-color: $accent; }
QPushButton[chip="true"] { padding: 0 8px; }
QPushButton[chip="true"]:checked { background: $select; border-color: $accent; }

QToolButton[flat="true"] {
  background: transparent; border: 1px solid transparent; border-radius: 4px; padding: 3px;
}
QToolButton[flat="true"]:hover { background: $hover; }
QToolButton[flat="true"]:pressed { background: $press; }
QToolButton[flat="true"]:checked { background: $select; }
QToolButton[flat="true"]:focus { border-color: $accent; }
QToolButton::menu-indicator { image: none; }
QToolButton[fold="true"] {
  background: transparent; color: $dim; border: 1px solid transparent; border-radius: 4px; padding: 2px 4px 2px 0;
  min-height: 20px; text-align: left;
}
QToolButton[fold="true"]:hover { background: $hover; color: $text; }
QToolButton[fold="true"]:focus { border-color: $accent; }
QToolButton[segment="true"] {
  background: $field; color: $dim; border: 1px solid $edge; border-right-width: 0; padding: 0 5px;
  min-height: 24px; max-height: 24px;
}
QToolButton[segment="true"][place="first"] { border-top-left-radius: 4px; border-bottom-left-radius: 4px; }
QToolButton[segment="true"][place="last"] {
  border-top-right-radius: 4px; border-bottom-right-radius: 4px; border-right-width: 1px;
}
QToolButton[segment="true"]:hover { color: $text; background: $hover; }
QToolButton[segment="true"]:checked { background: $select; color: $text; }
QToolButton[segment="true"]:focus { border: 1px solid $accent; }
QToolButton[segment="true"]:disabled { color: $faded; background: $panel; }

QLineEdit, QPlainTextEdit, QTextEdit {
  background: $field; color: $text; border: 1px solid $edge; border-radius: 4px; padding: 0 6px;
  selection-background-color: $accent; selection-color: $on_accent;
}
QLineEdit { min-height: 24px; max-height: 24px; }
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus { border-color: $accent; }
QLineEdit:disabled { color: $faded; background: $panel; border-color: $line; }
QLineEdit[wrong="true"] { border: 1px solid $danger; background: $wrong; }

QComboBox {
  background: $raised; color: $text; border: 1px solid $edge; border-radius: 4px; padding: 0 6px;
  min-height: 24px; max-height: 24px;
}
QComboBox:hover { background: $hover; }
QComboBox:focus, QComboBox:on { border-color: $accent; }
QComboBox:disabled { color: $faded; background: $panel; border-color: $line; }
QComboBox::drop-down { border: none; width: 20px; }
QComboBox::down-arrow { image: url("$down"); width: 12px; height: 12px; }
QComboBox QAbstractItemView { background: $raised; border: 1px solid $edge; padding: 4px 0; }
QComboBox QAbstractItemView::item { min-height: 24px; padding: 0 6px; }

QCheckBox, QRadioButton { spacing: 8px; min-height: 26px; }
QCheckBox:disabled, QRadioButton:disabled { color: $faded; }
QCheckBox::indicator, QRadioButton::indicator, QTreeWidget::indicator, QListWidget::indicator {
  width: 14px; height: 14px; border: 1px solid $dim; border-radius: 3px; background: $field;
}
QRadioButton::indicator { border-radius: 8px; }
QCheckBox::indicator:hover, QCheckBox:focus::indicator,
QRadioButton:focus::indicator { border-color: $accent; }
QCheckBox::indicator:checked, QTreeWidget::indicator:checked, QListWidget::indicator:checked {
  background: $accent; border-color: $accent; image: url("$check");
}
QRadioButton::indicator:checked { background: $accent; border: 4px solid $field; width: 8px; height: 8px; }
QCheckBox::indicator:disabled, QListWidget::indicator:disabled { border-color: $line; background: $panel; }

QProgressBar {
  background: $groove; border: none; border-radius: 2px; min-height: 4px; max-height: 4px; color: transparent;
}
QProgressBar::chunk { background: $accent; border-radius: 2px; }

QAbstractItemView { background: $panel; color: $text; border: none; }
QTreeView, QListView, QTableView { selection-background-color: $select; selection-color: $text; }
QTreeView::item, QListView::item { min-height: 24px; }
QTreeView::item:hover, QListView::item:hover { background: $raised; }
QTreeView::item:selected, QListView::item:selected, QTableView::item:selected {
  background: $select; color: $text;
}
QAbstractItemView[frame="true"] { border: 1px solid $line; border-radius: 4px; }
QAbstractItemView[frame="true"]:focus { border-color: $accent; }
QTreeView::branch { background: transparent; }
QTreeView::branch:has-children:closed { image: url("$right"); }
QTreeView::branch:has-children:open { image: url("$down"); }
QTreeView::branch:selected { background: $select; }
QHeaderView { background: $panel; border: none; }
QHeaderView::section {
  background: $panel; color: $dim; border: none; border-bottom: 1px solid $line; padding: 4px 8px;
  font-weight: 400;
}
QHeaderView[flush="true"]::section { padding: 4px 3px; }
QTableView { gridline-color: $line; }
QTableCornerButton::section { background: $panel; border: none; }

QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; }
QScrollBar::handle { background: $edge; border-radius: 3px; margin: 2px; min-height: 24px; min-width: 24px; }
QScrollBar::handle:hover { background: $dim; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }

QMenu { background: $raised; color: $text; border: 1px solid $edge; padding: 4px 0; }
QMenu::item { padding: 4px 28px 4px 12px; min-height: 18px; }
QMenu::icon { padding-left: 8px; }
QMenu::item:selected { background: $select; }
QMenu::item:disabled { color: $faded; }
QMenu::separator { height: 1px; background: $line; margin: 4px 0; }
QMenuBar { background: $window; color: $text; }
QMenuBar::item { padding: 4px 8px; background: transparent; }
QMenuBar::item:selected { background: $select; border-radius: 4px; }
QToolBar { background: $window; border: none; padding: 4px 8px; spacing: 4px; }
QToolBar::separator { background: $line; width: 1px; margin: 4px; }
QStatusBar { background: $window; color: $dim; }
QStatusBar::item { border: none; }
QTabBar::tab {
  background: $window; color: $dim; padding: 4px 7px; min-height: 18px; border: none;
  border-bottom: 2px solid transparent;
}
QTabBar::tab:selected { color: $text; background: $panel; border-bottom-color: $accent; }
QTabBar::tab:hover { color: $text; }
QTabBar:focus::tab:selected { color: $accent; }
QTabWidget::pane { border: none; }
QGroupBox { border: none; margin-top: 20px; }
""")
