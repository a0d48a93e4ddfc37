"""What lies over the image of a pane and can be taken hold of: painted first, asked first when the mouse is pressed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from PySide6.QtGui import QPainter

from pellucid.ui.canvas.color_bar import ColorBar
from pellucid.ui.canvas.tools import CanvasTool, Pointer
from pellucid.ui.canvas.window_region import RegionOutline

if TYPE_CHECKING:
    from pellucid.ui.canvas.slice_view import SliceView


class Overlay(Protocol):
    """Something drawn over the image of one pane."""

    def paint(self, painter: QPainter, pane: SliceView) -> None:
        """Draw in widget pixels, below texts and letters."""

    def grip(self, pane: SliceView, pointer: Pointer) -> CanvasTool | None:
        """Return what the left button does here instead of the tool in force, or None.

        It is asked whenever the mouse moves, for the cursor, so it must be quick and change nothing.
        """


def make_overlays() -> list[Overlay]:
    """Return the overlays of one pane, the lowest first."""
    from pellucid.ui.canvas.agreement_legend import AgreementLegend
    from pellucid.ui.canvas.compare_overlay import CompareOverlay
    from pellucid.ui.canvas.contour_lines import ContourLines
    from pellucid.ui.canvas.crop_box import BoxInside, BoxSides
    from pellucid.ui.canvas.crosshair import Crosshair
    from pellucid.ui.canvas.deformation_overlay import DeformationOverlay
    from pellucid.ui.canvas.difference_bar import DifferenceBar
    from pellucid.ui.canvas.gap_marks import GapMarks
    from pellucid.ui.canvas.hand_overlay import HandOverlay
    from pellucid.ui.canvas.jacobian_overlay import JacobianOverlay
    from pellucid.ui.canvas.judge_legend import JudgeLegend
    from pellucid.ui.canvas.landmark_tool import LandmarkLines
    from pellucid.ui.canvas.lens_outline import LensOutline
    from pellucid.ui.canvas.link_chip import LinkChip
    from pellucid.ui.canvas.measure_overlay import MeasureOverlay
    from pellucid.ui.canvas.object_outline import ObjectOutline
    from pellucid.ui.canvas.outline_overlay import OutlineOverlay
    from pellucid.ui.canvas.seed_marks import SeedMarks

    return [
        GapMarks(), ContourLines(), JacobianOverlay(), DeformationOverlay(), BoxInside(), ObjectOutline(),
        LensOutline(), Crosshair(), HandOverlay(), BoxSides(), CompareOverlay(), DifferenceBar(), AgreementLegend(),
        JudgeLegend(), RegionOutline(), ColorBar(), LandmarkLines(), MeasureOverlay(), SeedMarks(), OutlineOverlay(),
        LinkChip(),
    ]  # fmt: skip
