"""Write a picture of every state of the window, from the built-in demo study; docs/window.png is one of them.

    python packaging/pictures.py FOLDER [NAME …]

Without names all states are drawn, in about two minutes. Needs no display. What shows what:

    Speed           too_large
    Planes          opened sagittal turned_planes slabs turned_slab_light oblique_acquisition acquired_planes
    Layouts         layouts study offered two_series own_position sixteen drop_hint links second_window
    Time            cine cine_light time_curve
    Several layers  fusion compare_* compare_light label_outline channels before
    Fusion          fusion_projection fusion_projection_light fusion_apart fusion_region fusion_mr frames_asked
                    frames_asked_light frames_consented frames_beside
    Colour images   micrograph channels one_channel lens_colour
    Measure         measuring measuring_light measuring_planes measuring_pixels
    Windowing       curve curve_light color_bar color_maps
    Lens, optics    lens lens_colour optics
    Take away       take_away
    Feel            empty refused palette keys preferences light small large long_names
    Study browser   browser_off browser_filled browser_light browser_search browser_nothing browser_hidden
                    browser_offline browser_delete
    Privacy         deidentify deidentify_light deidentify_pixels deidentify_done identity_hidden
    Feel            empty refused palette keys preferences about about_light light small large long_names
    Odd stacks      missing_slices missing_slices_light made_even tilted_gantry straightened no_positions
                    positions_stated versions_asked versions_asked_light
    Batch           batch_empty batch_ready batch_running batch_problems batch_cancelled batch_light
    Working         smoothing window labels painting history crop_box crop_box_turned
    Outlines        outline_polygon outline_lasso outline_rectangle outline_ellipse outline_cut live_wire scissors
                    scissors_keep fill_region
    Label tools     smart_brush fill_tool wand_tool wand_turned islands_tool picking limited between label_tools_light
                    label_tools_small
    Labels          label_table label_table_light label_menu label_details thousands_of_labels
    Operations      catalogue catalogue_light two_inputs formula measured remarked filter_small kernel blobs
    Compare masks   compare_masks compare_masks_light compare_masks_small compare_layers compare_masks_empty
                    compare_raters
    Contours        contour_empty seeds_placed seeds_light contour_early contour_late contour_playing
    Registration    registration_empty registration_one registration_ready registration_running
                    registration_running_light registration_done registration_done_light registration_done_small
                    registration_doubtful registration_stages registration_stages_light registration_start
    Placing         moved_by_hand turned_by_hand by_hand_small landmarks_empty landmarks_set landmarks_light
                    landmarks_fitted landmarks_histology
    Series          series_empty series_ready series_running series_done series_done_light series_done_small
                    sections_done stitch_places
    Recipes         recipe recipe_light python_code
    Transforms      moved_layer moved_layer_light resample_to_grid export_moved
    DICOM           split_series split_series_light split_series_done report report_hidden_light report_pdf
    Export DICOM    export_dicom export_dicom_light export_dicom_rounded export_dicom_labels export_dicom_picture
                    export_dicom_done export_dicom_cleaned
    Surfaces        three_d three_d_light three_d_bone three_d_lung three_d_mip three_d_missing export_surface
    Objects         object_table object_table_light object_table_small object_table_empty object_table_volume
                    object_table_plot object_table_plot_small object_table_batch object_table_overlap
                    object_table_colocalisation
    Servers         servers_empty servers_ready servers_found servers_found_light servers_long_names server_dialog
                    server_dialog_web server_dialog_light listening_dialog send_dialog send_dialog_empty
                    send_dialog_folder
    Tags            tags tags_light tags_compared tags_column tags_hidden tags_empty
    Judge           judge_* with swipe, checkerboard, flicker, difference, red_green, each also with _before and _2d;
                    judge_before judge_grid judge_grid_2d judge_arrows judge_arrows_2d judge_jacobian judge_folded
                    judge_contours judge_turned judge_light judge_empty (they need the folder of real images)
    DICOM objects   labels_offered structures_opened segments_overlap segments_overlap_light contours_drawn
                    contours_drawn_light contours_voxels contours_lost (they need it, too)
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["PELLUCID_HOME"] = tempfile.mkdtemp(prefix="pellucid-pictures-")

import numpy as np
from agreement_pictures import AGREEMENT_STATES
from browser_pictures import BROWSER_STATES
from contour_pictures import CONTOUR_STATES
from dicom_export_pictures import DICOM_EXPORT_STATES
from dicom_object_pictures import DICOM_OBJECT_STATES
from dicom_pictures import DICOM_STATES
from fusion_pictures import FUSION_STATES
from judge_pictures import JUDGE_STATES
from label_pictures import LABEL_STATES
from object_pictures import OBJECT_STATES
from operation_pictures import OPERATION_STATES
from outline_pictures import OUTLINE_STATES
from paint_pictures import PAINT_STATES
from privacy_pictures import PRIVACY_STATES
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QPainter, QPixmap, QTransform
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu, QToolButton, QWidget
from registration_pictures import REGISTRATION_STATES
from series_pictures import SERIES_STATES
from server_pictures import SERVER_STATES
from stack_pictures import STACK_STATES
from start_pictures import START_STATES
from surface_pictures import SURFACE_STATES
from tag_pictures import TAG_STATES
from transform_pictures import TRANSFORM_STATES

from pellucid.files.demo import demo_study
from pellucid.files.export import export_image
from pellucid.main import make_application, make_window
from pellucid.model.annotations import Annotation
from pellucid.model.annotations import Kind as Shape
from pellucid.model.compare import CompareMode
from pellucid.model.display import Channel
from pellucid.model.geometry import IDENTITY, Geometry
from pellucid.model.kernels import KERNELS
from pellucid.model.labels import Label, LabelMap
from pellucid.model.layer import ImageLayer, LabelLayer
from pellucid.model.oblique import combined, turn_about
from pellucid.model.reduction import Extent, TooLarge
from pellucid.model.shapes import on_plane, vector
from pellucid.model.timing import TimeSource, moments_of
from pellucid.model.transfer import Kind, Transfer
from pellucid.model.view import Layout, Plane, PlaneMode, Projection, Tool
from pellucid.model.volume import Acquisition, Volume, image_from_array
from pellucid.session.batching import Stage as BatchStage
from pellucid.session.loading import Place
from pellucid.settings import Settings
from pellucid.ui import theme
from pellucid.ui.canvas.crosshair import lines
from pellucid.ui.canvas.link_menu import fill_link_menu
from pellucid.ui.canvas.measure_editor import ask_length
from pellucid.ui.canvas.pane_drops import SHOW
from pellucid.ui.dialogs.about import AboutDialog
from pellucid.ui.dialogs.batch import BatchDialog
from pellucid.ui.dialogs.keys import KeysDialog
from pellucid.ui.dialogs.large import LargeDialog
from pellucid.ui.dialogs.preferences import PreferencesDialog
from pellucid.ui.dialogs.take_away import TakeAwayDialog
from pellucid.ui.mouse_habits import NAPARI
from pellucid.ui.palette import open_palette

STATES: dict[str, Callable[[Stage], None]] = {
    **AGREEMENT_STATES,
    **BROWSER_STATES,
    **CONTOUR_STATES,
    **DICOM_EXPORT_STATES,
    **DICOM_OBJECT_STATES,
    **DICOM_STATES,
    **FUSION_STATES,
    **JUDGE_STATES,
    **LABEL_STATES,
    **OBJECT_STATES,
    **OPERATION_STATES,
    **OUTLINE_STATES,
    **PAINT_STATES,
    **PRIVACY_STATES,
    **REGISTRATION_STATES,
    **SERIES_STATES,
    **SERVER_STATES,
    **STACK_STATES,
    **START_STATES,
    **SURFACE_STATES,
    **TAG_STATES,
    **TRANSFORM_STATES,
}


class Stage:
    """One window and the means to bring it into a state."""

    def __init__(self) -> None:
        self.app = make_application()
        if not theme.is_dark() or not self.app.styleSheet():
            theme.apply(self.app, "dark")
        self.window = make_window(Settings(theme="dark"))
        self.session = self.window.session
        self.window.resize(1600, 1000)
        self.window.show()
        self.popup: QWidget | None = None
        self.settle()

    def grab(self) -> QPixmap:
        """Return the window, with the popup or dialog that stands over it."""
        QTest.qWait(100)  # for layouts and timers that follow what came last
        picture = self.window.grab()
        if self.popup is not None and self.popup.isVisible():
            painter = QPainter(picture)
            painter.drawPixmap(self.popup.pos() - self.window.pos(), self.popup.grab())
            painter.end()
        return picture

    def settle(self, seconds: float = 0.2, limit: float = 60.0) -> None:
        """Let events and jobs run until nothing has happened for a moment."""
        end, quiet = time.monotonic() + limit, time.monotonic()
        while time.monotonic() < end:
            self.app.processEvents()
            if self.session.jobs.running:
                quiet = time.monotonic()
            elif time.monotonic() - quiet > seconds:
                return
            time.sleep(0.005)
        raise SystemExit("the window did not come to rest")

    def open(self, *names: str) -> None:
        """Open parts of the demo study; without names all of it."""
        folder = demo_study()
        self.session.open([folder / name for name in names] or [folder])
        self.settle()
        self.window.notices.withdraw()

    def leave(self) -> None:
        """Close and delete the window: those left alive are dressed anew with every later theme."""
        self.window.close_without_asking()
        self.window.deleteLater()
        self.app.sendPostedEvents(None, QEvent.Type.DeferredDelete)

    def raise_dock(self, name: str) -> None:
        """Bring a tabbed dock to the front."""
        self.window.docks[name].raise_()
        self.settle(0.1)

    def run(self, operation: str, **values: object) -> None:
        """Apply an operation and wait for it."""
        self.session.running.apply(operation, values)
        self.settle()


def state(function: Callable[[Stage], None]) -> Callable[[Stage], None]:
    """Register a state under the name of its function."""
    STATES[function.__name__] = function
    return function


@state
def empty(stage: Stage) -> None:
    """Show the window as it starts."""


@state
def opened(stage: Stage) -> None:
    """Show the chest CT in three planes with the lung window."""
    stage.open()
    layer = stage.session.document.active_image
    layer.display.set_limits(-1100, 400)
    stage.window.status.point_at(stage.session.view.crosshair)
    stage.settle()


@state
def offered(stage: Stage) -> None:
    """Show that the study holds a PET that belongs beside the CT that was opened."""
    stage.session.open([demo_study()])
    stage.settle()


@state
def smoothing(stage: Stage) -> None:
    """Show a Gaussian being tried."""
    opened(stage)
    stage.raise_dock("Filters")
    stage.window.filters.choose("smoothing.gaussian")
    stage.settle()


@state
def crop_box(stage: Stage) -> None:
    """Show the box of a crop on the panes while its form is open."""
    opened(stage)
    stage.raise_dock("Filters")
    stage.window.filters.choose("geometry.crop")
    stage.settle()
    x, y, z = stage.session.document.active_image.geometry.size
    stage.window.filters.form.set_box((x // 8, y // 5, z // 6, x // 2, y // 2, z // 2))
    stage.settle()


@state
def crop_box_turned(stage: Stage) -> None:
    """Show the same box where it cuts planes that were turned."""
    crop_box(stage)
    stage.session.view.rotation = combined(turn_about((0.3, 1.0, 0.2), 25.0), IDENTITY)
    stage.settle()


@state
def window(stage: Stage) -> None:
    """Show a finished label and a threshold being tried for the next one: the picture of the README."""
    opened(stage)
    stage.run("threshold.range", lower=-905.0, upper=-500.0)
    stage.run("masks.remove_small", minimum=500_000.0, unit="mm3")
    stage.run("masks.close", radius=4.0, unit="mm")
    stage.run("masks.fill_holes")
    layer = stage.session.document.active_labels
    stage.session.labelling.edit_label(layer, 1, name="Lungs", color="#56B4E9")
    stage.session.labelling.add_label(layer, "Bone")
    stage.session.labelling.edit_label(layer, 2, color="#F0E442")
    stage.raise_dock("Segment")
    stage.window.segment.choose("threshold.range")
    stage.settle()
    stage.window.segment.set_limits(280, 1200)
    stage.settle()


@state
def labels(stage: Stage) -> None:
    """Show labels, their table and their statistics."""
    opened(stage)
    stage.session.document.active_image.display.set_limits(-160, 240)
    stage.run("threshold.range", lower=150.0, upper=3000.0)
    layer = stage.session.document.active_labels
    stage.session.labelling.edit_label(layer, 1, name="Bone", color="#F0E442")
    stage.session.labelling.add_label(layer, "Lungs")
    stage.run("threshold.range", lower=-905.0, upper=-500.0)
    stage.run("masks.remove_small", minimum=500_000.0, unit="mm3")
    stage.session.document.active = layer
    stage.raise_dock("Statistics")
    stage.settle(0.8)


@state
def painting(stage: Stage) -> None:
    """Show the brush in a single plane."""
    labels(stage)
    stage.session.view.layout = Layout.SINGLE
    stage.session.view.tool = Tool.BRUSH
    stage.raise_dock("Segment")


@state
def history(stage: Stage) -> None:
    """Show the history after some steps and two undos."""
    labels(stage)
    stage.run("masks.fill_holes")
    stage.session.undo()
    stage.raise_dock("History")


@state
def recipe(stage: Stage) -> None:
    """Show the steps of a label, the first of them being changed with the final result live."""
    opened(stage)
    stage.run("smoothing.gaussian", sigma=1.0)
    stage.run("threshold.range", lower=-905.0, upper=-500.0)
    stage.run("masks.fill_holes")
    panel = stage.window.show_dock("Recipe")
    stage.settle()
    panel.list.setCurrentRow(0)
    panel.card.form.set_values({"sigma": 4.0})
    stage.session.recipes.live.show(0, {"sigma": 4.0})
    stage.settle()


@state
def recipe_light(stage: Stage) -> None:
    """Show the steps of an image, one switched off, in the light theme."""
    theme.apply(stage.app, "light")
    opened(stage)
    for operation in ("smoothing.gaussian", "intensity.clamp", "smoothing.mean"):
        stage.run(operation)
    stage.session.recipes.set_enabled(1, False)
    stage.window.show_dock("Recipe")
    stage.settle()


@state
def python_code(stage: Stage) -> None:
    """Show the steps of an image as Python."""
    opened(stage)
    stage.run("smoothing.gaussian", sigma=1.0)
    stage.run("smoothing.median")
    stage.window.show_dock("Python")
    stage.settle(0.5)


@state
def long_names(stage: Stage) -> None:
    """Show very long names in a small window."""
    labels(stage)
    layer = stage.session.document.active_labels
    layer.labels.set_label(Label(1, "Bone and calcified plaque of the thoracic aorta, second reading", "#F0E442"))
    name = "Thorax 1.25 mm soft kernel, breath hold, second series of the day"
    stage.session.rename(stage.session.document.images[0], name)
    stage.window.resize(1280, 720)
    stage.settle()


@state
def micrograph(stage: Stage) -> None:
    """Show the colour picture."""
    folder = demo_study()
    pictures = [path for path in sorted(folder.rglob("*")) if path.suffix in (".png", ".tif")]
    stage.open(str(pictures[0].relative_to(folder)))


def draw(
    stage: Stage, kind: Shape, *shares: tuple[float, float], plane: Plane = Plane.AXIAL, **fields: str
) -> Annotation:
    """Draw a measurement at shares of the width and height of a pane."""
    pane = stage.window.canvas.pane(plane)
    places = (QPointF(x * pane.width(), y * pane.height()) for x, y in shares)
    points = tuple(vector(pane.world_at(at)) for at in places)
    drawn = on_plane(kind, points, pane.frame, layer=pane.image.id, **fields)
    stage.session.measuring.add(drawn)
    return drawn


@state
def measuring(stage: Stage) -> None:
    """Show every kind of measurement on one slice, with the list of them and a profile."""
    opened(stage)
    stage.session.document.active_image.display.set_limits(-160, 240)
    stage.session.view.layout = Layout.SINGLE
    stage.window.show_dock("Measurements")
    stage.settle()
    turn = [0.0, 0.8, 1.6, 2.4, 3.2, 4.0, 4.8, 5.6]
    blob = [(0.66 + 0.05 * math.cos(t), 0.62 + 0.06 * math.sin(t) * (1.3 if t < 3 else 0.8)) for t in turn]
    draw(stage, Shape.ELLIPSE, (0.30, 0.36), (0.40, 0.48), name="Right lung")
    draw(stage, Shape.RECTANGLE, (0.46, 0.42), (0.54, 0.50))
    draw(stage, Shape.POLYGON, (0.60, 0.32), (0.70, 0.34), (0.69, 0.44), (0.61, 0.42))
    draw(stage, Shape.FREEHAND, *blob)
    draw(stage, Shape.ANGLE, (0.36, 0.68), (0.44, 0.72), (0.42, 0.62))
    draw(stage, Shape.COBB, (0.20, 0.12), (0.36, 0.14), (0.20, 0.24), (0.36, 0.20))
    draw(stage, Shape.POLYLINE, (0.46, 0.14), (0.52, 0.18), (0.58, 0.14), (0.64, 0.18))
    draw(stage, Shape.POINT, (0.50, 0.60))
    draw(stage, Shape.ARROW, (0.74, 0.50), (0.82, 0.44), text="Rib")
    draw(stage, Shape.TEXT, (0.78, 0.80), text="After contrast")
    draw(stage, Shape.LENGTH, (0.24, 0.54), (0.76, 0.56))
    stage.settle(0.6)


@state
def measuring_light(stage: Stage) -> None:
    """Show the list in the light theme, with the histogram of a region."""
    measuring(stage)
    stage.session.measuring.select(stage.session.document.annotations[0])
    theme.apply(stage.app, "light")
    stage.settle(0.6)


@state
def measuring_planes(stage: Stage) -> None:
    """Show measurements in three planes, a half-drawn length, and those of neighbouring slices."""
    opened(stage)
    stage.window.show_dock("Measurements")
    stage.settle()
    draw(stage, Shape.ELLIPSE, (0.25, 0.30), (0.45, 0.55))
    draw(stage, Shape.LENGTH, (0.30, 0.30), (0.60, 0.70), plane=Plane.CORONAL)
    draw(stage, Shape.RECTANGLE, (0.30, 0.30), (0.55, 0.50), plane=Plane.SAGITTAL)
    stage.session.view.neighbour_measurements = True
    axial = stage.window.canvas.pane(Plane.AXIAL)
    axial.go_to(axial.index + 1)
    stage.settle()
    stage.session.view.tool = Tool.LENGTH
    for at in (QPoint(120, 300), QPoint(320, 340)):
        QTest.mouseMove(axial.viewport(), at)
        QTest.mouseClick(axial.viewport(), Qt.MouseButton.LeftButton, pos=at) if at.x() == 120 else None
    stage.settle()


@state
def measuring_pixels(stage: Stage) -> None:
    """Show a picture without known spacing: pixels, and the line that is asked for its true length."""
    micrograph(stage)
    layer = stage.session.document.active_image
    grid = replace(layer.geometry, known_spacing=(False, False, False))
    layer.frames = tuple(replace(volume, geometry=grid) for volume in layer.frames)
    stage.window.show_dock("Measurements")
    stage.settle()
    plane = stage.window.canvas.panes[0].plane
    draw(stage, Shape.ELLIPSE, (0.55, 0.30), (0.75, 0.50), plane=plane)
    line = draw(stage, Shape.LENGTH, (0.20, 0.60), (0.50, 0.70), plane=plane)
    stage.settle()
    ask_length(stage.window.canvas.pane(plane), line)
    stage.settle()


@state
def refused(stage: Stage) -> None:
    """Show what a file that cannot be read leads to."""
    broken = Path(tempfile.mkdtemp()) / "broken.nii"
    broken.write_bytes(b"n+1" * 200)
    stage.session.open([broken])
    stage.settle()


@state
def palette(stage: Stage) -> None:
    """Show the command palette over the chest CT."""
    opened(stage)
    stage.popup = open_palette(stage.window)
    stage.settle()
    stage.popup.search.setText("win")
    stage.settle()


@state
def keys(stage: Stage) -> None:
    """Show the sheet of keys while a key is recorded that belongs to something else."""
    opened(stage)
    stage.popup = KeysDialog(stage.session, stage.window.actions_table.keys, stage.window)
    stage.popup.show()
    item = next(iter(stage.popup.list.findItems("Fit", Qt.MatchFlag.MatchExactly | Qt.MatchFlag.MatchRecursive)))
    stage.popup.list.setCurrentItem(item)
    stage.popup.change()
    stage.popup.recorder.field.setKeySequence("Ctrl+R")
    stage.settle()


@state
def preferences(stage: Stage) -> None:
    """Show the preferences with the habits of another viewer."""
    opened(stage)
    stage.popup = PreferencesDialog(stage.session, stage.window)
    stage.popup.mouse.set_value(NAPARI.habits)
    stage.popup.show()
    stage.settle()


@state
def about(stage: Stage) -> None:
    """Show what Pellucid is and what it reads pixels with."""
    stage.popup = AboutDialog(stage.window)
    stage.popup.show()
    stage.settle()


@state
def about_light(stage: Stage) -> None:
    """Show the same in the light theme."""
    about(stage)
    theme.apply(stage.app, "light")
    stage.settle()


@state
def lens(stage: Stage) -> None:
    """Show the numbers at an edge of the chest CT, and what a Sobel kernel makes of them."""
    opened(stage)
    panel = stage.window.show_dock("Lens")
    stage.window.resizeDocks([stage.window.docks["Histogram"], stage.window.docks["Lens"]], [300, 640],
                             Qt.Orientation.Vertical)  # fmt: skip
    panel.size_box.set_value(7)
    panel.kernel.set_value(next(kernel for kernel in KERNELS if kernel.name == "sobel_x"))
    pane = stage.window.canvas.shown_panes()[0]
    stage.session.pointing.pointed.emit((60.0, -20.0, -2.5), pane.state)
    panel.pin.setChecked(True)
    stage.settle()


@state
def lens_colour(stage: Stage) -> None:
    """Show the lens over colours, in the light theme and a small window."""
    micrograph(stage)
    stage.window.resize(1280, 720)
    stage.window.show_dock("Lens")
    theme.apply(stage.app, "light")
    pane = stage.window.canvas.shown_panes()[0]
    stage.session.pointing.pointed.emit(pane.frame.world_at(0.1, 0.1, 0), pane.state)
    stage.settle()


@state
def optics(stage: Stage) -> None:
    """Show what an oil lens resolves, and that the pixels of the image are too coarse for it."""
    from tifffile import imwrite

    path = Path(tempfile.mkdtemp()) / "cells.ome.tif"
    beads = np.zeros((2, 256, 256), np.uint16)
    places = np.random.default_rng(4).integers(8, 248, (2, 60, 2))
    for n in range(2):
        beads[n, places[n, :, 0], places[n, :, 1]] = 60_000
    channels = {"Name": ["DAPI", "GFP"], "EmissionWavelength": [461, 509], "EmissionWavelengthUnit": ["nm", "nm"]}
    imwrite(path, beads, ome=True, metadata={"axes": "CYX", "PhysicalSizeX": 0.16, "PhysicalSizeY": 0.16,
                                             "Channel": channels})  # fmt: skip
    stage.session.open([path])
    stage.settle()
    panel = stage.window.show_dock("Optics")
    stage.window.resizeDocks([stage.window.docks["Histogram"], stage.window.docks["Optics"]], [300, 640],
                             Qt.Orientation.Vertical)  # fmt: skip
    panel.fields.na.set_value(1.4)
    panel.fields.medium.set_value("oil")
    panel.fields.medium.chosen.emit("oil")
    stage.settle()


@state
def light(stage: Stage) -> None:
    """Show the light theme."""
    window(stage)
    theme.apply(stage.app, "light")
    stage.settle()


@state
def small(stage: Stage) -> None:
    """Show a small screen."""
    window(stage)
    stage.window.resize(1280, 720)
    stage.settle()


@state
def large(stage: Stage) -> None:
    """Show a large screen."""
    window(stage)
    stage.window.resize(2560, 1440)
    stage.settle()


@state
def sagittal(stage: Stage) -> None:
    """Show one plane alone."""
    opened(stage)
    stage.session.view.panes[0].plane = Plane.SAGITTAL
    stage.session.view.layout = Layout.SINGLE
    stage.settle()


def _two_images(stage: Stage) -> None:
    """Open a PET over a CT where the test data are, else those of the demo study."""
    folder = Path(os.environ.get("PELLUCID_DATA", "")) / "ct_pet_acrin042"
    if os.environ.get("PELLUCID_DATA") and folder.is_dir():
        stage.session.open([folder / "CT"])
        stage.settle()
        stage.session.library.scan([folder / "PT_AC"], lambda found: stage.session.loading.load(
            found.series[0], replace=False))  # fmt: skip
        stage.settle()
        return
    opened(stage)
    stage.session.document.active_image.display.set_limits(-160, 240)
    series = next(one for one in stage.session.library.series if one.modality == "PT")
    stage.session.loading.load(series, replace=False)
    stage.settle()


@state
def fusion(stage: Stage) -> None:
    """Show one image over another, on different grids."""
    _two_images(stage)


def _compared(mode: CompareMode) -> Callable[[Stage], None]:
    def show(stage: Stage) -> None:
        _two_images(stage)
        stage.session.comparing.start(mode)
        stage.settle()

    show.__name__ = f"compare_{mode.name.lower()}"
    show.__doc__ = f"Show two images compared: {mode.value}."
    return show


for way in CompareMode:
    state(_compared(way))


@state
def before(stage: Stage) -> None:
    """Show the image as it was before a filter, as long as the key is held."""
    opened(stage)
    stage.run("smoothing.gaussian", sigma=4.0)
    pane = stage.window.canvas.shown_panes()[0]
    QTest.mouseMove(pane.viewport(), QPoint(60, 60))
    stage.session.view.hide_preview = True
    stage.settle()


@state
def too_large(stage: Stage) -> None:
    """Show what is offered for an image that is larger than memory allows."""
    gigabyte = 10**9
    refusal = TooLarge("brain.nii", Extent((4096, 4096, 3000), 2), 40 * gigabyte, 30 * gigabyte)
    stage.popup = LargeDialog(refusal, stage.window)
    stage.popup.show()
    stage.settle()


@state
def channels(stage: Stage) -> None:
    """Show the colour picture as three layers that add up."""
    micrograph(stage)
    stage.session.channels.split(stage.session.document.active_image)
    stage.settle()


@state
def one_channel(stage: Stage) -> None:
    """Show one channel of the colour picture in grey, with its histogram."""
    micrograph(stage)
    stage.session.document.active_image.display.channel = Channel.GREEN
    stage.settle()


@state
def label_outline(stage: Stage) -> None:
    """Show labels as outlines, one of them faint."""
    labels(stage)
    layer = stage.session.document.active_labels
    layer.display.filled, layer.display.outline_width = False, 2.5
    stage.session.labelling.edit_label(layer, 1, opacity=0.4)
    stage.session.document.active = layer
    stage.settle()


@state
def compare_light(stage: Stage) -> None:
    """Show the bar of a comparison in the light theme, on a small screen."""
    _compared(CompareMode.CHECKERBOARD)(stage)
    theme.apply(stage.app, "light")
    stage.window.resize(1280, 720)
    stage.settle()


@state
def curve(stage: Stage) -> None:
    """Show a curve of points being edited, and the colour bar, on a small screen."""
    opened(stage)
    display = stage.session.document.active_image.display
    display.colormap = "inferno"
    display.transfer = Transfer(Kind.POINTS, points=((0.0, 0.0), (0.3, 0.15), (0.55, 0.7), (1.0, 1.0)))
    stage.window.resize(1280, 720)
    stage.settle()


@state
def curve_light(stage: Stage) -> None:
    """Show a gamma in the light theme."""
    opened(stage)
    stage.session.document.active_image.display.transfer = Transfer(Kind.GAMMA, gamma=0.6)
    theme.apply(stage.app, "light")
    stage.settle()


@state
def color_bar(stage: Stage) -> None:
    """Show a large colour bar of diverging colours centred on zero."""
    opened(stage)
    stage.session.view.layout = Layout.SINGLE
    stage.session.appearance.choose_colormap(stage.session.document.active_image, "cool-warm")
    stage.settle()


@state
def color_maps(stage: Stage) -> None:
    """Show the list of colour maps open."""
    opened(stage)
    box = stage.window.histogram.colors.colormap
    box.showPopup()
    stage.settle()
    stage.popup = box.view().window()


def perfusion(stage: Stage) -> None:
    """Put in a phantom through which a contrast agent runs: first an artery, then tissue."""
    grid = Geometry((128, 128, 20), (1.5, 1.5, 4.0), (-95.0, -95.0, -38.0), oriented=True)
    z, y, x = np.mgrid[:20, :128, :128]
    body = (x - 64) ** 2 / 55**2 + (y - 64) ** 2 / 44**2 < 1
    artery = (x - 50) ** 2 + (y - 70) ** 2 < 36
    tissue = ((x - 84) ** 2 / 18**2 + (y - 60) ** 2 / 22**2 < 1) & (z > 3) & (z < 17)
    noise = np.random.default_rng(4)
    times = [1.5 * n for n in range(40)]
    frames = []
    for moment in moments_of(40, times=times, times_source=TimeSource.ACQUISITION):
        t = moment.start or 0.0
        values = np.where(body, 40.0, -950.0) + noise.normal(0, 8, z.shape)
        values += artery * 380 * max(t - 6, 0) / 6 * math.exp(1 - max(t - 6, 0) / 6)
        values += tissue * 90 * (1 - math.exp(-max(t - 10, 0) / 8)) * math.exp(-max(t - 10, 0) / 60)
        who = Acquisition("CT", series_description="Perfusion (phantom)", moment=moment)
        frames.append(Volume(image_from_array(values.astype(np.int16), grid), grid, "HU", acquisition=who))
    layer = ImageLayer("Perfusion", tuple(frames), frame=14)
    layer.display.set_limits(-100, 400)
    layer.first_limits = (-100, 400)
    table = (Label(1, "Artery", "#E69F00"), Label(2, "Tissue", "#56B4E9"))
    labels = LabelLayer("Regions", LabelMap(grid, (artery + 2 * tissue).astype(np.uint8), table))
    for each in (layer, labels):
        stage.session.document.insert(len(stage.session.document), each)
    stage.session.document.active = layer
    stage.session.centre_crosshair()
    stage.settle()


@state
def cine(stage: Stage) -> None:
    """Show a series of volumes playing in three planes."""
    perfusion(stage)
    stage.session.playing.play()
    stage.session.playing.advance(2000)
    stage.settle()
    stage.session.playing.pause()
    stage.settle()


@state
def cine_light(stage: Stage) -> None:
    """Show the same on a small screen in the light theme."""
    cine(stage)
    stage.window.resize(1280, 720)
    theme.apply(stage.app, "light")
    stage.settle()


@state
def time_curve(stage: Stage) -> None:
    """Show curves of the crosshair, a pinned point and two labels."""
    perfusion(stage)
    stage.window.show_dock("Time curve").pin.click()
    artery = stage.session.document.reference.index_to_world((50, 70, 10))
    stage.session.view.crosshair = tuple(float(c) for c in artery)
    stage.settle(1.0)


@state
def take_away(stage: Stage) -> None:
    """Show the dialog for a film through slices."""
    opened(stage)
    stage.window.files.take_away()
    dialog = next(w for w in stage.window.findChildren(TakeAwayDialog) if w.isVisible())
    dialog.kind.buttons[1].click()
    stage.settle(0.6)
    stage.popup = dialog


def batch_dialog(stage: Stage, count: int) -> BatchDialog:
    """Open the batch dialog on small images, one of them damaged, with the steps of a threshold."""
    folder = Path(tempfile.mkdtemp()) / "Thorax 2026"
    folder.mkdir()
    z, y, x = np.mgrid[:24, :64, :64]
    body = ((y - 32) / 28) ** 2 + ((x - 32) / 30) ** 2 < 1
    lungs = (((y - 32) / 16) ** 2 + ((np.abs(x - 32) - 13) / 9) ** 2 < 1) & (z > 2)
    grid = Geometry((64, 64, 24), (5.0, 5.0, 8.0))
    for n in range(count):
        values = np.where(lungs & (n % 9 != 8), -800, np.where(body, 40, -1000))
        picture = Volume(image_from_array(values.astype(np.int16), grid), grid)
        export_image(picture, folder / f"patient {n:03}.nii")
    (folder / "patient 007.nii").write_bytes(b"n+1" * 200)
    stage.window.files.batch()
    dialog = next(w for w in stage.window.findChildren(BatchDialog) if w.isVisible())
    dialog.set_up.recipes.set_value(next(v for v in dialog.set_up.recipes._values if "Lung" in getattr(v, "title", "")))
    dialog.set_up._choose_recipe(dialog.set_up.recipes.value())
    dialog.set_up.inputs.add([folder])
    stage.settle()
    stage.popup = dialog
    return dialog


def until(stage: Stage, condition: Callable[[], bool]) -> None:
    """Let events run until a condition holds, for a minute at most."""
    end = time.monotonic() + 60
    while not condition() and time.monotonic() < end:
        stage.app.processEvents()


@state
def batch_empty(stage: Stage) -> None:
    """Show the batch dialog as it opens."""
    stage.window.files.batch()
    stage.popup = next(w for w in stage.window.findChildren(BatchDialog) if w.isVisible())
    stage.settle()


@state
def batch_ready(stage: Stage) -> None:
    """Show a batch that can begin."""
    batch_dialog(stage, 12)


@state
def batch_running(stage: Stage) -> None:
    """Show a batch half-way."""
    dialog = batch_dialog(stage, 400)
    dialog.go.click()
    until(stage, lambda: len(dialog.results.model.entries) > 60)


@state
def batch_problems(stage: Stage) -> None:
    """Show a batch whose images are not all fit for the recipe."""
    dialog = batch_dialog(stage, 24)
    dialog.go.click()
    until(stage, lambda: dialog._batching.stage is BatchStage.FINISHED)
    dialog.results.table.sortByColumn(0, Qt.SortOrder.DescendingOrder)
    dialog.results.table.selectRow(0)
    stage.settle()


@state
def batch_cancelled(stage: Stage) -> None:
    """Show a batch that was stopped."""
    batch_running(stage)
    stage.popup.go.click()
    until(stage, lambda: stage.popup._batching.stage is BatchStage.CANCELLED)
    stage.settle()


@state
def batch_light(stage: Stage) -> None:
    """Show a finished batch in the light theme."""
    batch_problems(stage)
    theme.apply(stage.app, "light")
    stage.settle()


def key_of(stage: Stage, modality: str) -> str:
    """Return the key of the first series of a modality."""
    library = stage.session.library
    return library.key(next(series for series in library.series if series.modality == modality))


@state
def study(stage: Stage) -> None:
    """Show CT, PET and both over each other, as the rule for a PET study hangs them."""
    opened(stage)
    stage.session.open_study(stage.session.library.series[0].acquisition.study_uid)
    stage.settle()


@state
def two_series(stage: Stage) -> None:
    """Show two series side by side, linked by position, zoom and window."""
    opened(stage)
    session = stage.session
    session.arranging.choose(Layout(1, 2))
    session.loading.load_into(key_of(stage, "PT"), Place(session.view.panes[1]))
    stage.settle()
    for part in ("zoom", "window"):
        session.linking.set_part("A", part, True)
    session.view.panes[0].centre, session.view.panes[0].scale = (180.0, 150.0), 3.0
    stage.settle()


@state
def own_position(stage: Stage) -> None:
    """Show a series of another frame of reference, which has a position of its own, and panes of several groups."""
    two_series(stage)
    session = stage.session
    session.arranging.choose(Layout(2, 3))
    session.loading.load_into(session.library.key(session.library.images[0]), Place(session.view.panes[4]))
    stage.settle()
    session.linking.set_group(session.view.panes[2], "B")
    session.linking.set_group(session.view.panes[3], "")
    stage.settle()


@state
def sixteen(stage: Stage) -> None:
    """Show sixteen panes in a small window."""
    opened(stage)
    stage.window.resize(1280, 720)
    stage.session.arranging.choose(Layout(4, 4))
    stage.settle()


@state
def drop_hint(stage: Stage) -> None:
    """Show what a drop would do, and a pane that waits for something to show."""
    two_series(stage)
    stage.session.remove(stage.session.document.images[0])
    stage.settle()
    stage.window.canvas.panes[1].drop_hint = SHOW
    stage.window.canvas.panes[1].viewport().update()
    stage.settle()


@state
def layouts(stage: Stage) -> None:
    """Show the menu of layouts."""
    opened(stage)
    stage.session.own_layouts.save("Lung, two rows", stage.session.view)
    button = next(b for b in stage.window.findChildren(QToolButton) if b.accessibleName() == "Layout")
    stage.popup = button.menu()
    stage.popup.popup(button.mapToGlobal(button.rect().bottomLeft()))
    stage.settle()


@state
def links(stage: Stage) -> None:
    """Show the menu that the chip of a pane opens."""
    own_position(stage)
    pane = stage.window.canvas.panes[4]
    stage.popup = QMenu(pane)
    fill_link_menu(stage.popup, stage.session, pane.state)
    stage.popup.popup(pane.mapToGlobal(pane.rect().center()))
    stage.settle()


@state
def second_window(stage: Stage) -> None:
    """Show the second window over the main one."""
    two_series(stage)
    stage.window.canvases.open_second()
    stage.popup = stage.window.canvases.second
    stage.session.arranging.choose(Layout(1, 3), stage.popup.screen_state)
    stage.settle()


@state
def turned_planes(stage: Stage) -> None:
    """Show planes turned by hand, with the handles of the line under the mouse."""
    opened(stage)
    axial, sagittal = Plane.AXIAL, Plane.SAGITTAL
    _turn(stage, axial, sagittal, 24)
    _turn(stage, sagittal, axial, -12)
    pane = stage.window.canvas.pane(axial)
    line = next(line for line in lines(pane) if line.plane is sagittal)
    QTest.mouseMove(pane.viewport(), line.handles(pane.width(), pane.height())[0].toPoint())
    stage.settle(0.6)


def _turn(stage: Stage, pane_plane: Plane, plane: Plane, degrees: float) -> None:
    """Drag the handle of a plane's line around the crosshair."""
    pane = stage.window.canvas.pane(pane_plane)
    line = next(line for line in lines(pane) if line.plane is plane)
    start = line.handles(pane.width(), pane.height())[0]
    turn = QTransform().rotate(degrees)
    end = line.at + turn.map(start - line.at)
    QTest.mousePress(pane.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start.toPoint())
    for share in (0.3, 0.7, 1.0):
        QTest.mouseMove(pane.viewport(), (start + (end - start) * share).toPoint())
    QTest.mouseRelease(pane.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, end.toPoint())
    stage.settle()


@state
def slabs(stage: Stage) -> None:
    """Show thick slabs: maximum, minimum and mean."""
    opened(stage)
    view = stage.session.view
    for pane, projection, thickness in zip(view.panes, Projection, (20.0, 10.0, 30.0), strict=False):
        pane.slab, pane.projection = thickness, projection
    stage.settle(0.6)


@state
def turned_slab_light(stage: Stage) -> None:
    """Show a turned slab on a small screen in the light theme, where there is no preview."""
    turned_planes(stage)
    stage.session.view.panes[2].slab = 15.0
    stage.raise_dock("Filters")
    stage.window.filters.choose("smoothing.gaussian")
    stage.window.resize(1280, 720)
    theme.apply(stage.app, "light")
    stage.settle(0.6)


@state
def oblique_acquisition(stage: Stage) -> None:
    """Show true planes of the patient of a volume that was acquired obliquely."""
    opened(stage)
    _tilt(stage)
    stage.session.view.plane_mode = PlaneMode.ANATOMICAL
    stage.settle(0.6)


@state
def acquired_planes(stage: Stage) -> None:
    """Show the stored planes of the same."""
    opened(stage)
    _tilt(stage)
    stage.session.view.plane_mode = PlaneMode.ACQUISITION
    stage.settle(0.6)


def _tilt(stage: Stage) -> None:
    """Lay the image askew in the world, as a tilted acquisition does."""
    layer = stage.session.document.active_image
    volume, axes = layer.volume, turn_about((1.0, 0.0, 0.0), 14) @ turn_about((0.0, 0.0, 1.0), 9)
    direction = tuple(float(n) for n in (axes @ volume.geometry.axes).ravel())
    geometry = replace(volume.geometry, direction=direction)
    image = image_from_array(volume.array, geometry, colour=False)
    layer.frames = (replace(volume, image=image, geometry=geometry),)
    stage.session.centre_crosshair()


def main() -> int:
    """Draw the states asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(STATES)}")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    for name in options.names or STATES:
        stage = Stage()
        STATES[name](stage)
        path = options.folder / f"{name}.png"
        if not stage.grab().save(str(path)):
            print(f"{path} could not be written", file=sys.stderr)
            return 1
        print(path)
        stage.leave()
    return 0


if __name__ == "__main__":
    sys.exit(main())
