"""The tags dock: follows the slice, searches, compares, shows one tag over all files, and covers identity."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from dicom_making import save, stack
from pellucid.dicom.tags import Difference, Row
from pellucid.session import Session
from pellucid.session.tag_reading import Reading
from pellucid.ui.docks.tag_model import CHUNK, LINE_ROLE, VALUE
from pellucid.ui.docks.tag_sieve import Sieve
from pellucid.ui.docks.tag_tree import TagTree
from pellucid.ui.docks.tags import TagsPanel
from pellucid.ui.pieces import InPieces

Opened = tuple[Session, TagsPanel]


@pytest.fixture
def opened(qtbot: QtBot, tmp_path: Path, empty_session: Session) -> Opened:
    _, slices = stack(5, PatientID="SECRET-7", EchoTime="30")
    for n, ds in enumerate(slices):
        ds.ContentTime = f"1200{n:02d}"
    slices[3].SeriesDescription = "another"
    save(tmp_path / "ct", slices)
    session = empty_session
    panel = TagsPanel(session)
    qtbot.addWidget(panel)
    panel.resize(900, 500)
    panel.show()
    session.open([tmp_path / "ct"])
    qtbot.waitUntil(lambda: len(session.document.images) == 1 and not session.jobs.running, timeout=20_000)
    qtbot.waitUntil(lambda: panel.model.rowCount() > 10, timeout=20_000)
    return session, panel


def lines(panel: TagsPanel) -> dict[str, Difference]:
    found = panel.model.shown_lines()
    return {line.row.keyword: line for line in found}


def wait_for(qtbot: QtBot, question: Callable[[], bool]) -> None:
    qtbot.waitUntil(question, timeout=20_000)


def test_it_shows_the_file_of_the_slice_under_the_crosshair(qtbot: QtBot, opened: Opened) -> None:
    session, panel = opened
    layer = session.document.active_image
    for index in (4, 0):
        session.view.crosshair = tuple(float(v) for v in layer.geometry.index_to_world((2, 2, index)))
        wait_for(qtbot, lambda n=index: lines(panel)["ContentTime"].row.text == f"1200{n:02d}")
        assert panel.here.number.value() == index + 1
    panel.here.number.setFocus()
    panel.here.number.selectAll()
    qtbot.keyClicks(panel.here.number, "3")
    wait_for(qtbot, lambda: lines(panel)["ContentTime"].row.text == "120002")
    assert not panel.follow.isChecked()  # the user chose a file: the crosshair leaves it alone
    session.view.crosshair = tuple(float(v) for v in layer.geometry.index_to_world((2, 2, 4)))
    qtbot.wait(300)
    assert lines(panel)["ContentTime"].row.text == "120002"


def test_a_search_finds_tags_names_and_values(qtbot: QtBot, opened: Opened) -> None:
    _, panel = opened
    for words, keyword in (("0018,0081", "EchoTime"), ("00180081", "EchoTime"), ("echo", "EchoTime"),
                           ("secret-7", "PatientID")):  # fmt: skip
        panel.search.clear()
        qtbot.keyClicks(panel.search, words)
        assert list(lines(panel)) == [keyword]
    qtbot.keyClicks(panel.search, " nowhere")
    assert panel.model.rowCount() == 0 and not panel.copy.isEnabled()


def test_two_slices_side_by_side(qtbot: QtBot, opened: Opened) -> None:
    _, panel = opened
    qtbot.mouseClick(panel.compare, Qt.MouseButton.LeftButton)
    panel.there.number.selectAll()
    qtbot.keyClicks(panel.there.number, "4")
    wait_for(qtbot, lambda: lines(panel)["ContentTime"].there == "120003")
    panel.changed_only.click()
    changed = set(lines(panel))
    assert {"InstanceNumber", "ContentTime", "ImagePositionPatient", "SeriesDescription"} <= changed
    assert not {"PatientID", "EchoTime", "Rows"} & changed
    assert lines(panel)["SeriesDescription"].there == "another"


def test_one_tag_over_all_files_and_back(qtbot: QtBot, opened: Opened) -> None:
    _, panel = opened
    panel.show_column(lines(panel)["ContentTime"])
    table = panel.column_page.table
    wait_for(qtbot, lambda: table.rowCount() == 5)
    assert [table.item(n, 1).text() for n in range(5)] == [f"1200{n:02d}" for n in range(5)]
    assert "5 different values" in panel.column_page.about.text()
    panel.column_page.copy()
    assert QGuiApplication.clipboard().text().splitlines()[5].startswith("5\t120004\t")
    table.itemActivated.emit(table.item(4, 0))
    wait_for(qtbot, lambda: lines(panel)["ContentTime"].row.text == "120004")
    assert panel.pages.currentIndex() == 0


def test_copying_lines_and_a_long_value(qtbot: QtBot, tmp_path: Path, empty_session: Session) -> None:
    _, slices = stack(1, ImageComments="x" * 3000)
    save(tmp_path / "ct", slices)
    session = empty_session
    panel = TagsPanel(session)
    qtbot.addWidget(panel)
    panel.show()
    session.open([tmp_path / "ct"])
    wait_for(qtbot, lambda: panel.model.rowCount() > 10)
    panel.search.setText("Rows")
    panel.tree.selectionModel().select(
        panel.model.index(0, 0), QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
    )
    qtbot.keyClick(panel.tree, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "(0028,0010)\tRows\tUS\t6\n"
    panel.search.setText("ImageComments")
    panel.copying.value(lines(panel)["ImageComments"])
    wait_for(qtbot, lambda: QGuiApplication.clipboard().text() == "x" * 3000)


@pytest.mark.hazard("H34")
def test_identity_is_covered_on_screen_and_when_copied(qtbot: QtBot, opened: Opened) -> None:
    session, panel = opened
    session.view.hide_identity = True
    texts = [
        str(index.siblingAtColumn(column).data(role) or "")
        for n in range(panel.model.rowCount())
        for index in [panel.model.index(n, 0)]
        for column in range(panel.model.columnCount())
        for role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole)
    ]
    assert not any(word in text for text in texts for word in ("SECRET", "Doe", "Jane"))
    assert panel.model.index(0, VALUE).data() is not None
    panel.copying.shown()
    assert "SECRET" not in QGuiApplication.clipboard().text() and "hidden" in QGuiApplication.clipboard().text()
    panel.search.setText("secret")
    assert panel.model.rowCount() == 0  # a search must not tell what is covered
    panel.search.clear()
    panel.copying.value(lines(panel)["PatientID"])
    assert QGuiApplication.clipboard().text() == "hidden"
    panel.show_column(lines(panel)["PatientID"])
    table = panel.column_page.table
    wait_for(qtbot, lambda: table.rowCount() == 5)
    assert {table.item(n, 1).text() for n in range(5)} == {"hidden"}


def test_a_file_that_vanished_is_a_sentence(qtbot: QtBot, opened: Opened, tmp_path: Path) -> None:
    session, panel = opened
    for path in (tmp_path / "ct").iterdir():
        path.unlink()
    layer = session.document.active_image
    session.view.crosshair = tuple(float(v) for v in layer.geometry.index_to_world((2, 2, 4)))
    wait_for(qtbot, lambda: panel.trouble.isVisible())
    assert "could not be opened" in panel.trouble.text() and panel.model.rowCount() == 0


def test_an_open_sequence_stays_open_while_the_slice_changes(
    qtbot: QtBot, tmp_path: Path, empty_session: Session
) -> None:
    _, slices = stack(3)
    for ds in slices:
        inner = Dataset()
        inner.ReferencedSOPInstanceUID = "1.2.3"
        ds.ReferencedImageSequence = Sequence([inner])
    save(tmp_path / "ct", slices)
    session = empty_session
    panel = TagsPanel(session)
    qtbot.addWidget(panel)
    panel.show()
    session.open([tmp_path / "ct"])
    wait_for(qtbot, lambda: panel.model.rowCount() > 10 and not session.jobs.running)
    row = next(n for n in range(panel.model.rowCount())
               if panel.model.index(n, 0).data(LINE_ROLE).row.keyword == "ReferencedImageSequence")  # fmt: skip
    panel.tree.expand(panel.model.index(row, 0))
    layer = session.document.active_image
    before = lines(panel)["InstanceNumber"].row.text
    session.view.crosshair = tuple(float(v) for v in layer.geometry.index_to_world((2, 2, 0)))
    wait_for(qtbot, lambda: lines(panel)["InstanceNumber"].row.text != before)
    assert panel.tree.isExpanded(panel.model.index(row, 0))
    assert panel.model.index(0, 0, panel.model.index(row, 0)).data(LINE_ROLE).row.name == "Item 1"


@pytest.mark.hazard("H34")
def test_a_column_titles_and_complaints_are_covered_while_they_stand(
    qtbot: QtBot, opened: Opened, tmp_path: Path
) -> None:
    session, panel = opened
    panel.show_column(lines(panel)["PatientID"])
    wait_for(qtbot, lambda: panel.column_page.table.rowCount() == 5)
    assert panel.column_page.table.item(0, 1).text() == "SECRET-7"
    session.view.hide_identity = True
    wait_for(qtbot, lambda: panel.column_page.table.rowCount() == 5)
    said = [panel.column_page.table.item(n, k).text() for n in range(5) for k in (1, 2)]
    assert set(said) == {"hidden"}
    panel._show_tree()
    file = panel.here.path()
    named = file.with_name("Somebody Special.dcm")
    panel._read = named, None
    panel._complain(f"{named.name} could not be opened: gone.")
    assert "Special" not in panel.trouble.text() and "could not be opened" in panel.trouble.text()
    session.view.hide_identity = False
    assert "Special" in panel.trouble.text()


def test_it_goes_to_the_layer_that_is_worked_on(qtbot: QtBot, opened: Opened, tmp_path: Path) -> None:
    session, panel = opened
    _, slices = stack(4, series="1.2.77.1", SeriesDescription="Second")
    save(tmp_path / "mr", slices)
    session.open([tmp_path / "mr"])
    first = session.document.active_image
    wait_for(qtbot, lambda: not session.jobs.running)
    second = next(one for one in session.library.series if one.uid == "1.2.77.1")
    session.loading.load(second, replace=False)
    wait_for(qtbot, lambda: len(session.document.images) == 2 and not session.jobs.running)
    session.document.active = first
    assert panel.here.files().layer is first
    session.document.active = next(layer for layer in session.document.images if layer is not first)
    assert panel.here.files().layer is session.document.active
    panel.follow.setChecked(False)
    session.document.active = first
    assert panel.here.files().layer is not first  # the user looks at something else


def test_labels_show_the_file_they_came_from(qtbot: QtBot, empty_session: Session, data_dir: Path) -> None:
    session = empty_session
    panel = TagsPanel(session)
    qtbot.addWidget(panel)
    panel.resize(900, 500)
    panel.show()
    session.open([data_dir / "seg" / "liver.dcm"])
    wait_for(qtbot, lambda: not session.jobs.running)
    series = next(one for one in session.library.series if one.content == "segmentation")
    session.label_objects.open(series)
    wait_for(qtbot, lambda: session.document.active_labels is not None and not session.jobs.running)
    session.document.active = session.document.active_labels
    assert panel.here.files().paths == series.files
    wait_for(qtbot, lambda: "SegmentSequence" in lines(panel))


def many(count: int) -> tuple[Difference, ...]:
    """Make a sequence of items with three elements each, and one element after it."""
    rows = [Row("52009230", 0, "(5200,9230)", "SQ", "Per-frame")]
    for item in range(count):
        rows.append(Row(f"52009230#{item}", 1, name=f"Item {item + 1}"))
        rows += [Row(f"52009230#{item}/{n:08x}", 2, "(0020,9057)", "UL", f"Part {n}", "", f"value {item}")
                 for n in range(3)]  # fmt: skip
    return tuple(Difference(row, "") for row in (*rows, Row("7fe00010", 0, "(7FE0,0010)", "OW", "Pixel Data")))


def test_a_large_file_is_searched_between_the_events_of_the_window(
    qtbot: QtBot, empty_session: Session
) -> None:
    panel = TagsPanel(empty_session)
    qtbot.addWidget(panel)
    every = many(2_000)
    panel._take(Reading(every, compared=False))
    assert panel.sifting.working and panel.model.rowCount() == 0  # the window comes first
    wait_for(qtbot, lambda: not panel.sifting.working)
    assert panel.model.matches == len(every) and panel.about.text() == "8,002 elements"
    for letters in ("v", "va", "value 17", "value 1777"):
        panel.search.setText(letters)
    assert panel.sifting.working
    wait_for(qtbot, lambda: not panel.sifting.working)
    found = [line.row.key for line in panel.model.shown_lines() if line.row.depth == 2]
    assert found == [f"52009230#1777/{n:08x}" for n in range(3)]
    for words in ("value 17", "part value 177", ""):  # fewer letters again, other words: what was found serves only
        panel.search.setText(words)  # searches that are narrower
        wait_for(qtbot, lambda: not panel.sifting.working)
        expected = [line for line in every if all(word in f"{line.row.name} {line.row.text}".casefold()
                                                  for word in words.split())]  # fmt: skip
        assert panel.model.matches == len(expected)
    panel.copying.shown()
    wait_for(qtbot, lambda: len(QGuiApplication.clipboard().text().splitlines()) == len(every))


def test_of_many_items_the_rest_comes_when_its_place_is_seen(qtbot: QtBot, empty_session: Session) -> None:
    tree = TagTree()
    QAbstractItemModelTester(tree.lines, QAbstractItemModelTester.FailureReportingMode.Fatal, tree)
    qtbot.addWidget(tree)
    tree.resize(600, 300)
    tree.show()
    sieve, sifting = Sieve(many(CHUNK + 700)), InPieces(tree)
    sifting.start(sieve.sift(""), lambda sifted: tree.lines.show_lines(sieve, sifted), at_once=True)
    items = tree.lines.index(0, 0)
    tree.expand(items)
    assert tree.lines.rowCount(items) == CHUNK + 1
    last = tree.lines.index(CHUNK, 1, items)
    assert last.data() == "700 more elements follow" and tree.lines.line(last) is None
    for shown in (2 * CHUNK, CHUNK + 700):
        tree.scrollTo(tree.lines.index(tree.lines.rowCount(items) - 1, 0, items))
        wait_for(qtbot, lambda n=shown: tree.lines.rowCount(items) in (n, n + 1))
    assert tree.lines.index(CHUNK + 699, 1, items).data() == f"Item {CHUNK + 700}"
    assert tree.lines.rowCount(items) == CHUNK + 700 and tree.lines.rowCount() == 2
