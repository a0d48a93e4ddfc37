"""The docks of the window: one row each, in the order of their tabs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from pellucid.ui.docks.history import HistoryPanel
from pellucid.ui.docks.layers import LayersPanel
from pellucid.ui.docks.operations import OperationsDock
from pellucid.ui.docks.statistics import StatisticsPanel
from pellucid.ui.docks.studies import StudiesPanel

if TYPE_CHECKING:
    from pellucid.session import Session

LEFT, RIGHT = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea
BELOW = Qt.DockWidgetArea.BottomDockWidgetArea


@dataclass(frozen=True)
class Dock:
    """One dock: its title, who makes its panel, where it stands, and the dock it shares tabs with.

    A dock that is not ``open`` is made when it is first asked for through the menu Window or ``show_dock``. The panel
    of one that may come ``later`` is made after the window was first painted: what it is made of is slow to load.
    """

    name: str
    make: Callable[[Session], QWidget]
    area: Qt.DockWidgetArea = RIGHT
    beside: str = ""
    open: bool = True
    later: bool = False


def _histogram(session: Session) -> QWidget:
    from pellucid.ui.docks.histogram import HistogramPanel

    return HistogramPanel(session)


def _time_curve(session: Session) -> QWidget:
    from pellucid.ui.docks.time_curve import TimeCurvePanel

    return TimeCurvePanel(session)


def _measurements(session: Session) -> QWidget:
    from pellucid.ui.docks.measurements import MeasurementsPanel

    return MeasurementsPanel(session)


def _compare_masks(session: Session) -> QWidget:
    from pellucid.ui.docks.agreement import CompareMasksPanel

    return CompareMasksPanel(session)


def _registration(session: Session) -> QWidget:
    from pellucid.ui.docks.registration import RegistrationPanel

    return RegistrationPanel(session)


def _objects(session: Session) -> QWidget:
    from pellucid.ui.docks.objects import ObjectsPanel

    return ObjectsPanel(session)


def _lens(session: Session) -> QWidget:
    from pellucid.ui.docks.lens import LensPanel

    return LensPanel(session)


def _optics(session: Session) -> QWidget:
    from pellucid.ui.docks.optics import OpticsPanel

    return OpticsPanel(session)


def _recipe(session: Session) -> QWidget:
    from pellucid.ui.docks.recipe import RecipePanel

    return RecipePanel(session)


def _label_tools(session: Session) -> QWidget:
    from pellucid.ui.docks.brush_box import LabelToolsPanel

    return LabelToolsPanel(session)


def _series(session: Session) -> QWidget:
    from pellucid.ui.docks.series import SeriesPanel

    return SeriesPanel(session)


def _tags(session: Session) -> QWidget:
    from pellucid.ui.docks.tags import TagsPanel

    return TagsPanel(session)


def _python(session: Session) -> QWidget:
    from pellucid.ui.docks.python_pane import PythonPanel

    return PythonPanel(session)


DOCKS: tuple[Dock, ...] = (
    Dock("Studies", StudiesPanel, LEFT),
    Dock("Layers", LayersPanel, LEFT),
    Dock("Histogram", _histogram, later=True),
    Dock("Filters", lambda session: OperationsDock(session, "Filters")),
    Dock("Segment", lambda session: OperationsDock(session, "Segment"), beside="Filters"),
    Dock("Statistics", StatisticsPanel, beside="Filters"),
    Dock("Measurements", _measurements, beside="Filters", open=False),
    Dock("Compare masks", _compare_masks, beside="Filters", open=False),
    Dock("Registration", _registration, beside="Filters", open=False),
    Dock("Series", _series, beside="Filters", open=False),
    Dock("Table", _objects, beside="Filters", open=False),
    Dock("History", HistoryPanel, beside="Filters"),
    Dock("Recipe", _recipe, beside="Filters", later=True),
    Dock("Python", _python, beside="Filters", open=False),
    Dock("Lens", _lens, beside="Filters", open=False),
    Dock("Optics", _optics, beside="Filters", open=False),
    Dock("Tags", _tags, BELOW, open=False),
    Dock("Time curve", _time_curve, beside="Filters", open=False),
    Dock("Label tools", _label_tools, LEFT, beside="Studies", open=False),
)
