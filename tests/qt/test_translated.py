"""Every text of the window comes from the catalogue: under a language that brackets everything, nothing is bare."""

from __future__ import annotations

import contextlib
import gettext
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QAbstractItemModel, QAbstractListModel, QModelIndex, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QComboBox,
    QDialog,
    QDockWidget,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMenu,
    QMessageBox,
    QTabBar,
    QWidget,
)

from hands import User
from pellucid import language
from pellucid.dicom.documents import Document, Line
from pellucid.model.annotations import Kind
from pellucid.model.compare import CompareMode
from pellucid.model.findings import Finding, Refused
from pellucid.model.geometry import Geometry
from pellucid.model.labels import Label, LabelMap
from pellucid.model.layer import ImageLayer, LabelLayer
from pellucid.model.reduction import Extent, TooLarge
from pellucid.model.timing import TimeSource, moments_of
from pellucid.model.view import Layout, Tool
from pellucid.model.volume import Acquisition, Volume, image_from_array
from pellucid.recipes.step_words import describe
from pellucid.session.measurement_export import export
from pellucid.ui.browser.deleting import DeleteDialog
from pellucid.ui.browser.window import show_browser
from pellucid.ui.canvas.corner_texts import corners
from pellucid.ui.canvas.measure_words import plate_lines
from pellucid.ui.canvas.pane_menu import pane_menu
from pellucid.ui.commands import gather
from pellucid.ui.dialogs.about import AboutDialog
from pellucid.ui.dialogs.deidentify import DeidentifyDialog
from pellucid.ui.dialogs.dicom import DicomDialog
from pellucid.ui.dialogs.export import ExportDialog
from pellucid.ui.dialogs.keys import KeysDialog
from pellucid.ui.dialogs.large import LargeDialog
from pellucid.ui.dialogs.layouts import LayoutsDialog
from pellucid.ui.dialogs.listening import ListeningDialog
from pellucid.ui.dialogs.merge_channels import MergeChannelsDialog
from pellucid.ui.dialogs.preferences import PreferencesDialog
from pellucid.ui.dialogs.report import ReportDialog
from pellucid.ui.dialogs.send import SendDialog
from pellucid.ui.dialogs.server import ServerDialog
from pellucid.ui.dialogs.set_spacing import SetSpacingDialog
from pellucid.ui.dialogs.take_away import TakeAwayDialog
from pellucid.ui.dialogs.unsaved import ask_unsaved
from pellucid.ui.dock_table import DOCKS
from pellucid.ui.forms.operation_form import OperationForm

DATA = "¤"
"""Begins every word that a file or a person gave: it is not to be translated."""
BRACKETED = re.compile(r"⟦[^⟦⟧]*(?:⟧|…$)")
"""What was translated; the end of a text that is too long for its button is cut off."""
WORD = re.compile(rf"{DATA}\w+|[^\W\d_]{{2,}}")
_ALIKE = """
    Pellucid napari English Deutsch CT PET RGB RGBA LPS MIP MinIP NaN NA HU SUV SUVbw SUVlbm SUVbsa
    mm mm² mm³ ml nm µm ms px bytes kB KB MB GB int int16 uint8 float
    Ctrl Shift Alt Meta Space Del Ins Up Down Left Right PgUp PgDown Home End Esc Return Enter Backspace Tab
    im
    CR DX MG MR NM PT RF US XA SR SEG RTDOSE RTSTRUCT AE TLS DIMSE DICOMweb PACS PELLUCID
    pydicom pyjpegls pylibjpeg openjpeg imagecodecs pillow
    GIF PNG TIFF JPEG WebP MP4 NIfTI NRRD MetaImage gz nii nrrd mha tif png jpg pellucid
"""
NEVER_TRANSLATED = frozenset(_ALIKE.split())
NAMES_AND_ADDRESSES = re.compile(r"^(Clean|Retain) [\w ]+ Option \(\d{6}\)$|https://\S+")
PARTS_OF_QT = frozenset((
    "qt_spinbox_lineedit", "qt_toolbar_ext_button", "qt_dockwidget_closebutton", "qt_dockwidget_floatbutton",
    "qt_keysequenceedit_lineedit", "ScrollLeftButton", "ScrollRightButton",
))  # fmt: skip
"""Widgets Qt makes and names itself: its own catalogue translates them."""


class Bracketed(gettext.NullTranslations):
    """Shows every text in brackets."""

    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    def ngettext(self, one: str, many: str, n: int) -> str:
        return f"⟦{one if n == 1 else many}⟧"


@pytest.fixture
def bracketed():
    language.use_catalogue(Bracketed())
    yield
    language.use_catalogue(gettext.NullTranslations())


@pytest.fixture
def user(bracketed, qtbot):
    user = User(qtbot, (1600, 1000))
    yield user
    user.leave()


def texts(widget: QWidget) -> Iterator[tuple[str, str]]:
    """Yield what a widget says, with how it says it."""
    yield "tooltip", widget.toolTip()
    yield "name", widget.accessibleName()
    if isinstance(widget, QDockWidget | QDialog):
        yield "title", widget.windowTitle()
    if isinstance(widget, QDockWidget):
        yield "menu entry", widget.toggleViewAction().text()
    if isinstance(widget, QAbstractButton | QLabel):
        yield "text", widget.text()
    if isinstance(widget, QLineEdit):
        yield "placeholder", widget.placeholderText()
    if isinstance(widget, QComboBox):
        yield from (("choice", widget.itemText(n)) for n in range(widget.count()))
    if isinstance(widget, QTabBar):
        yield from (("tab", widget.tabText(n)) for n in range(widget.count()))
    if isinstance(widget, QMenu):
        yield from (("action", action.text()) for action in widget.actions())
        yield from (("action tip", action.toolTip()) for action in widget.actions() if action.text())
    if isinstance(widget, QHeaderView) and widget.model() is not None and not widget.isHidden():
        sections = range(widget.count())
        yield from (("heading", widget.model().headerData(n, widget.orientation())) for n in sections)
    if isinstance(widget, QAbstractItemView) and widget.model() is not None:
        yield from items(widget.model(), QModelIndex())


def items(model: QAbstractItemModel, parent: QModelIndex) -> Iterator[tuple[str, str]]:
    """Yield what the items of a list, table or tree say."""
    for row in range(model.rowCount(parent)):
        for column in range(1 if isinstance(model, QAbstractListModel) else model.columnCount(parent)):
            index = model.index(row, column, parent)
            for role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
                yield "item", index.data(role)
            yield from items(model, index)


def bare_words(text: str) -> list[str]:
    """Return the words of a text that are neither translated, nor data, nor the same in every language."""
    plain = NAMES_AND_ADDRESSES.sub("", re.sub(r"<[^>]+>", " ", text).replace("&", ""))
    while BRACKETED.search(plain):
        plain = BRACKETED.sub(" ", plain)
    return [word for word in WORD.findall(plain) if not word.startswith(DATA) and word not in NEVER_TRANSLATED]


def bare(root: QWidget) -> list[str]:
    """Return every text below a widget that does not come from the catalogue."""
    found = set()
    for widget in [root, *root.findChildren(QWidget)]:
        for how, text in texts(widget):
            if isinstance(text, str) and bare_words(text) and widget.objectName() not in PARTS_OF_QT:
                found.add(f"{type(widget).__name__} {widget.objectName()} {how}: {text!r}")
    return sorted(found)


# ---------------------------------------------------------------- something to show


def image(name: str, frames: int = 1, **facts) -> ImageLayer:
    geometry = Geometry((20, 16, 6), (1.0, 1.0, 3.0))
    moments = moments_of(frames, durations=[40.0] * frames, durations_source=TimeSource.FRAME_TIME)
    volumes = []
    for n, moment in enumerate(moments):
        array = (np.arange(6 * 16 * 20).reshape(6, 16, 20) % 97 + n).astype(np.int16)
        who = Acquisition("CT", patient_name="¤Doe^¤Jane", patient_id="42", birth_date="19580102", sex="F",
                          study_date="20200304", study_description="¤Follow", series_description="¤Chest",
                          series_number="3", moment=moment)  # fmt: skip
        found = (Finding("lossy", language.tr("Not every one has a slice at every position."), "warning"),)
        volumes.append(Volume(image_from_array(array, geometry), geometry, "HU", None, who, found))
    layer = ImageLayer(name, tuple(volumes))
    layer.display.set_limits(0, 97)
    return layer


def labels(on: ImageLayer) -> LabelLayer:
    array = np.zeros((6, 16, 20), np.uint8)
    array[2:4, 4:9, 5:12] = 1
    array[2:4, 9:12, 5:12] = 2
    table = (Label(1, "¤one", "#ff0000"), Label(2, "¤two", "#0000ff"))
    return LabelLayer("¤Labels", LabelMap(on.geometry, array, table))


@pytest.fixture
def study(user):
    """Show two images, one of them with frames, and labels, in all docks."""
    first, second = image("¤CT"), image("¤Cine", frames=3)
    for layer in (first, second, labels(first)):
        user.session.document.insert(len(user.session.document), layer)
    user.session.view.layout = Layout.QUAD
    user.session.centre_crosshair()
    user.rest()
    user.window.canvas.flush()
    draw(user)
    for row in DOCKS:
        user.window.show_dock(row.name)
        user.rest()
    user.window.canvas.flush()
    user.window.actions_table.refresh()
    return user


def draw(user) -> None:
    """Draw one measurement of every kind on the axial pane."""
    from pellucid.model.annotations import Annotation

    session = user.session
    pane = user.window.canvas.shown_panes()[0]
    frame = pane.frame
    count = {Kind.LENGTH: 2, Kind.ANGLE: 3, Kind.COBB: 4, Kind.RECTANGLE: 2, Kind.ELLIPSE: 2, Kind.POINT: 1,
             Kind.ARROW: 2, Kind.TEXT: 1, Kind.POLYLINE: 3, Kind.POLYGON: 3, Kind.FREEHAND: 4}  # fmt: skip
    places = ((2, 2), (12, 9), (5, 10), (14, 3))
    for kind, points in count.items():
        world = tuple(tuple(map(float, frame.world_at(u, v, pane.index))) for u, v in places[:points])
        axes = (tuple(map(float, axis)) for axis in (frame.normal, frame.right, frame.down))
        words = "¤note" if kind in (Kind.TEXT, Kind.ARROW) else ""
        session.measuring.add(Annotation(kind, world, *axes, layer=session.document.layers[0].id, text=words))
    user.rest()

# ---------------------------------------------------------------- the tests


def test_every_text_of_the_empty_window_can_be_translated(user):
    for row in DOCKS:
        user.window.show_dock(row.name)
        user.rest()
    user.window.actions_table.refresh()
    assert "\n".join(bare(user.window)) == ""


def test_every_text_around_a_study_can_be_translated(study):
    assert "\n".join(bare(study.window)) == ""
    check_what_is_painted_over_the_panes(study)
    check_menus_that_are_made_when_opened(study)
    check_everything_the_palette_offers(study)


def check_what_is_painted_over_the_panes(study) -> None:
    window, found = study.window, []
    for pane in window.canvas.shown_panes():
        if pane.frame is None:
            continue
        for hidden in (False, True):
            layer = study.session.viewing.image(pane.state)
            shown = corners(layer, pane.frame, pane.index, 100.0, hide_identity=hidden)
            found += [text for part in (shown.top_left, shown.bottom_left, shown.bottom_right) for text, _ in part]
    plates = [(one, study.session.measuring.reading(one)) for one in study.session.document.annotations]
    found += [line for one, reading in plates for line in plate_lines(one, reading)]
    assert len(found) > 20
    found.append(window.canvas.information.toPlainText())
    assert [text for text in found if bare_words(re.sub(r"Doe|Jane|Chest|\b[WLSRAPIF]\b", "", text))] == []


def test_a_comparison_can_be_translated(study):
    for mode in CompareMode:
        study.session.comparing.start(mode)
        study.rest()
        pane = study.window.canvas.shown_panes()[0]
        assert "\n".join(bare(study.window.compare_bar)) == "", mode
        assert pane.comparison.says() and bare_words(pane.comparison.says()) == [], mode


def check_menus_that_are_made_when_opened(study) -> None:
    canvas = study.window.canvas
    for menu in [pane_menu(canvas, pane) for pane in canvas.shown_panes()]:
        assert "\n".join(bare(menu)) == ""
    for menu in study.window.menuBar().findChildren(QMenu):
        menu.aboutToShow.emit()
        assert "\n".join(bare(menu)) == ""


def check_everything_the_palette_offers(study) -> None:
    from pellucid.operations.operation import registry

    commands = gather(study.window, registry())
    assert len(commands) > 150
    said = [text for one in commands for text in (one.title, one.where, one.why_not)]
    assert [text for text in said if bare_words(text)] == []


def test_the_form_of_every_operation_can_be_translated(bracketed, qtbot):
    from pellucid.operations.operation import registry

    for operation in registry().values():
        form = OperationForm(operation)
        qtbot.addWidget(form)
        assert "\n".join(bare(form)) == ""
        assert bare_words(describe(operation, dict(operation.validate().model_dump()), "HU")) == []


def dialogs(window) -> Iterator[QDialog]:
    """Make every dialog of the window."""
    session = window.session
    whole = Extent((512, 512, 900), 4, 1, "float32")
    yield ExportDialog(session, window)
    yield TakeAwayDialog(session, window.canvas, window)
    yield PreferencesDialog(session, window)
    yield KeysDialog(session, window.actions_table.keys, window)
    yield LargeDialog(TooLarge("¤big", whole, 1 << 28, 1 << 29), window)
    yield LayoutsDialog(session, window)
    yield MergeChannelsDialog(session, window)
    yield AboutDialog(window)
    yield DicomDialog(session, window.canvas, window)
    yield DeidentifyDialog(session, window)
    yield SetSpacingDialog(session, session.document.images[0], window)
    yield ServerDialog(session.servers, None, window)
    yield ListeningDialog(session.servers, window)
    yield SendDialog(session, window)
    yield DeleteDialog([], window)
    lines = (Line(0, "¤Imaging", False), Line(1, "¤Jane", True))
    report = Document(Path("¤a.dcm"), "¤Imaging", "report", lines, ("¤Jane", "1", ""), "")
    yield ReportDialog(session, (report,), window)


def test_every_dialog_can_be_translated(study):
    study.session.own_layouts.save("¤mine", study.window.canvas.screen_state)
    for dialog in dialogs(study.window):
        dialog.show()
        study.rest()
        assert "\n".join(bare(dialog)) == ""
        dialog.reject()
        dialog.deleteLater()


@pytest.mark.qt_log_ignore("does not support", extend=True)  # a browser that is open already is raised
def test_the_study_browser_can_be_translated(study):
    for servers in (False, True):
        browser = show_browser(study.window, servers=servers)
        study.rest()
        assert "\n".join(bare(browser)) == ""
    browser.close()


def test_questions_can_be_translated(study, monkeypatch):
    asked = []

    def run(box: QMessageBox) -> int:
        asked.extend((*bare(box), box.text(), box.informativeText()))
        return 0

    monkeypatch.setattr(QMessageBox, "exec", run)
    ask_unsaved(study.window, "¤work")
    assert len(asked) > 1
    assert [text for text in asked if bare_words(text)] == []


def test_refusals_can_be_translated(study, tmp_path):
    session, said = study.session, []
    session.notice.connect(lambda text, _severity: said.append(text))
    broken = tmp_path / "¤broken.nii"
    broken.write_bytes(b"nothing of use")
    for path in (broken, tmp_path / "¤gone.dcm", tmp_path):
        with contextlib.suppress(Refused):
            session.open([path])
        study.rest()
    for refused in (lambda: session.running.apply("smoothing.gaussian", {"sigma": -1.0}),
                    lambda: session.running.apply("masks.union", {}),
                    lambda: session.channels.merge([]),
                    lambda: session.own_layouts.apply("¤none", study.window.canvas.screen_state),
                    lambda: export(session, tmp_path / "¤no" / "¤there.csv")):  # fmt: skip
        try:
            refused()
        except Refused as refusal:
            said.append(str(refusal))
        study.rest()
    assert len(said) > 5
    assert [text for text in said if bare_words(text.replace(str(tmp_path), "").replace(tmp_path.name, ""))] == []


def test_history_and_status_bar_can_be_translated(study):
    session = study.session
    session.document.active = session.document.images[0]
    session.running.apply("smoothing.gaussian", {"sigma": 1.0})
    study.rest()
    session.undo()
    study.window.point_at(session.view.crosshair, study.window.canvas.shown_panes()[0])
    for tool in Tool:
        session.view.tool = tool
        study.window.actions_table.refresh()
        assert "\n".join(bare(study.window)) == ""
    assert session.history.redo_label and bare_words(session.history.redo_label) == []


class Longer(gettext.NullTranslations):
    """Makes every text half as long again, as other languages do."""

    def gettext(self, message: str) -> str:
        return message + "n" * (len(message) // 2)


def test_the_layers_have_room_for_longer_words(qtbot):
    language.use_catalogue(Longer())
    user = User(qtbot, (1280, 720))
    try:
        first = image("¤CT")
        for layer in (first, labels(first)):
            user.session.document.insert(len(user.session.document), layer)
        user.session.document.active = user.session.document.label_layers[0]
        user.rest()
        panel = user.window.layers
        edges = [w.mapTo(panel, w.rect().topRight()).x() for w in panel.look.findChildren(QWidget) if w.isVisible()]
        assert len(edges) > 8
        assert max(edges) < panel.width() <= 400
    finally:
        language.use_catalogue(gettext.NullTranslations())
        user.leave()
