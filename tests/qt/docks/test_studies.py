"""The studies tree: what it says about a library, how it grows, and that a double click loads."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton

from pellucid.dicom.scan import Problem
from pellucid.dicom.stack import Series, VolumePlan
from pellucid.files.images import ImageFile
from pellucid.model.findings import Finding
from pellucid.model.geometry import Geometry
from pellucid.model.layer import Source
from pellucid.model.volume import Acquisition
from pellucid.session.concealing import _matching, _of_paths, _of_patient
from pellucid.ui.docks.studies import StudiesPanel, place, progress_text
from pellucid.ui.docks.study_delegate import NODE_ROLE, worst
from pellucid.ui.docks.study_model import ITEM_MIME, StudyModel
from pellucid.ui.docks.study_nodes import Node, concealed, date, person, series_detail, tree

ABOUT = Acquisition("CT", "Doe^Jane", "P1", "19580412", "F", "20190302", "Thorax", "1.2")
PLAN = VolumePlan(Geometry((64, 48, 20)), ())
MISSING = Finding("missing-slices", "2 slices are missing between 41 and 44.")


def series(uid="1", **changes):
    made = Series(uid, "CT", "Lung 2 mm", "3", ABOUT, files=(Path("a"),) * 20, volumes=(PLAN,))
    return replace(made, **changes)


IMAGE = ImageFile(Path("/data/cells.tif"), "TIFF", Geometry((100, 80, 1)), "uint8", 3)
PROBLEM = Problem(Path("/data/broken.dcm"), "The file ends in the middle of the pixels.")


def test_names_and_dates_are_written_for_reading():
    assert person("Doe^Jane^M^Dr") == "Doe, Jane M"
    assert person("Yamada^Tarou=山田^太郎") == "Yamada, Tarou"
    assert person("") == "No name"
    assert date("19580412") == "1958-04-12" and date("unknown") == "unknown"


def test_the_tree_has_patients_studies_series_images_and_problems():
    patient, images, problems = tree([series()], [IMAGE], [PROBLEM])
    assert (patient.title, patient.detail) == ("Doe, Jane", "ID P1 · 1958-04-12 · F")
    study = patient.children[0]
    assert (study.title, study.detail) == ("Thorax", "2019-03-02 · 1 series")
    row = study.children[0]
    assert (row.title, row.badge, row.detail, row.item) == (
        "Lung 2 mm",
        "CT",
        "20 slices · 64×48",
        "series:1",
    )
    assert (images.children[0].title, images.children[0].detail) == ("cells.tif", "100×80 · uint8 · colour")
    assert problems.children[0].detail == PROBLEM.sentence


def test_findings_are_sentences_below_the_series_each_said_once():
    plan = replace(PLAN, findings=(MISSING,))
    row = tree([series(findings=(MISSING,), volumes=(plan, plan))])[0].children[0].children[0]
    said = [child.title for child in row.children if child.kind == "finding"]
    assert said == [MISSING.message] and worst(row) == "warning"
    assert [child.kind for child in row.children].count("volume") == 2


def test_a_series_without_images_does_not_load():
    row = tree([series(volumes=(), modality="RTSTRUCT", files=(Path("a"),))])[0].children[0].children[0]
    assert row.item == "" and row.detail == "1 file, no image"


def test_frames_of_one_sequence_are_one_part():
    plans = tuple(replace(PLAN, sequence="time", label=f"time {n}") for n in range(5))
    row = tree([series(volumes=plans)])[0].children[0].children[0]
    assert row.children == () and series_detail(series(volumes=plans)) == "5 volumes · 20 slices · 64×48"


def test_a_hidden_identity_is_nowhere_in_the_tree():
    def texts(nodes):
        return [t for n in nodes for t in (n.title, n.detail, n.tip, *texts(n.children))]

    said = " ".join(texts(tree([series()], hide_identity=True)))
    assert not any(secret in said for secret in ("Doe", "Jane", "P1", "1958", "2019"))


def test_names_of_our_own_stay_readable_while_the_identity_is_hidden():
    """A patient may be called Patient, a folder too: what stands for a name instead names nobody."""
    paths = [Path("/Patient 1/Doe scan.dcm"), Path("/patient_2/a.png"), Path("/Series 12345/b.png")]
    pattern = _matching([*_of_paths(paths, whole=True), *_of_patient("Patient^Jane", "P1")])
    about = replace(ABOUT, patient_name="Patient^Jane", study_description="Knee of Jane Patient")
    (patient,) = concealed(
        tree([series(acquisition=about)], hide_identity=True), lambda text: pattern.sub("•••", text)
    )
    assert (patient.title, patient.detail) == ("Patient 1", "identity hidden")
    assert patient.children[0].title == "Knee of ••• •••"
    shown = _matching(_of_paths(paths, whole=True)).sub("•••", "Patient 1, Doe scan, patient_2, Series 12345, Series 3")
    assert shown == "Patient 1, •••, patient_2, •••, Series 3"


def test_series_are_ordered_by_number_and_studies_by_date():
    later = replace(ABOUT, study_uid="2", study_date="20200101")
    odd = series("d", number="²")  # a digit, but no number
    found = [odd, series("c", number="10"), series("b", number="2"), series("a", acquisition=later)]
    studies = tree(found)[0].children
    assert [row.item for row in studies[0].children] == ["series:b", "series:c", "series:d"]
    assert studies[1].detail.startswith("2020-01-01")


def test_progress_and_places_read_naturally():
    assert progress_text(12, None) == "Looking for files: 12 so far"
    assert progress_text(1312, 2048) == "Reading headers: 1,312 of 2,048 files"
    assert place(Path("/mnt/disc/CT")) == "disc/CT"


def test_the_model_equals_the_nodes_after_any_sequence_of_changes(qtbot):
    chance = random.Random(3)

    def nodes(prefix, depth):
        numbers = chance.sample(range(7), chance.randrange(7))
        return tuple(
            Node(f"{prefix}.{n}", "group", chance.choice("abc"), children=nodes(f"{prefix}.{n}", depth - 1))
            for n in numbers if depth
        )  # fmt: skip

    def shown(item):
        rows = [item.child(n) for n in range(item.rowCount())]
        return [(row.data(NODE_ROLE).id, row.text(), shown(row)) for row in rows]

    def wanted(some):
        return [(node.id, node.title, wanted(node.children)) for node in some]

    model = StudyModel()
    for _ in range(60):
        some = nodes("n", 3)
        model.update_from(some)
        assert shown(model.invisibleRootItem()) == wanted(some)


# -------------------------------------------------------------------- the panel


@pytest.fixture
def panel(empty_session, show):
    return show(StudiesPanel(empty_session), 320, 900)


def fill(session, *found, images=(), problems=(), scanning=False):
    library = session.library
    library._series = {one.uid: one for one in found}
    library._images = {str(image.path): image for image in images}
    library._problems = {problem.path: problem for problem in problems}
    for key in [library.key(item) for item in (*found, *images)]:
        library._thumbnails[key] = np.zeros((8, 8), np.uint8)
    library.scanning, library.seen, library.total = scanning, 5, 9
    library.changed.emit()


def test_the_tree_fills_while_the_scan_runs(panel, empty_session, qtbot):
    assert panel.stack.currentIndex() == 0
    fill(empty_session, series("1"), scanning=True)
    assert panel.stack.currentIndex() == 1 and panel.strip.isVisible()
    assert panel.scan_text.text() == "Reading headers: 5 of 9 files"
    fill(empty_session, series("1"), series("2"), images=(IMAGE,), problems=(PROBLEM,))
    qtbot.waitUntil(lambda: panel.model.index_of("series:2").isValid() and not panel.strip.isVisible())
    assert panel.model.index_of("problem:/data/broken.dcm").isValid()
    assert panel.tree.isExpanded(panel.model.index_of("study:1.2"))


def test_growing_keeps_selection_and_folded_branches(panel, empty_session, qtbot):
    fill(empty_session, series("1"), series("2"))
    panel.tree.setCurrentIndex(panel.model.index_of("series:2"))
    fill(empty_session, series("1"), series("2"), series("0", number="1"))
    qtbot.waitUntil(lambda: panel.model.index_of("series:0").isValid())
    assert panel.tree.currentIndex().data(NODE_ROLE).id == "series:2"


def double_click(panel, qtbot, node_id):
    where = panel.tree.visualRect(panel.model.index_of(node_id)).center()
    qtbot.mouseClick(panel.tree.viewport(), Qt.MouseButton.LeftButton, pos=where)
    qtbot.mouseDClick(panel.tree.viewport(), Qt.MouseButton.LeftButton, pos=where)


def test_a_double_click_loads_the_series_or_the_volume(panel, empty_session, qtbot, monkeypatch):
    asked = []
    monkeypatch.setattr(
        empty_session.loading,
        "load",
        lambda item, part=None, *, replace=True: asked.append((item.uid, part, replace)),
    )
    plans = (replace(PLAN, label="b 0"), replace(PLAN, label="b 1000"))
    fill(empty_session, series("1"), series("2", volumes=plans))
    panel.tree.expandAll()
    double_click(panel, qtbot, "series:1")
    double_click(panel, qtbot, "series:2#1")
    double_click(panel, qtbot, "study:1.2")
    assert asked == [("1", None, True), ("2", 1, True)]
    panel.tree.setCurrentIndex(panel.model.index_of("series:1"))
    qtbot.keyClick(panel.tree, Qt.Key.Key_Return)
    assert asked[-1] == ("1", None, True)


def test_a_dragged_series_carries_its_key(panel, empty_session):
    fill(empty_session, series("1"))
    index = panel.model.index_of("series:1")
    assert bytes(panel.model.mimeData([index]).data(ITEM_MIME).data()) == b"series:1"
    assert panel.model.flags(index) & Qt.ItemFlag.ItemIsDragEnabled
    assert not panel.model.flags(panel.model.index_of("study:1.2")) & Qt.ItemFlag.ItemIsDragEnabled


def test_what_is_open_is_marked(panel, session, ct):
    ct.source = Source("dicom", ("a",), "1|1")
    part = Node("x", "volume", "", item="series:1", part=1)
    assert panel._is_open(Node("s", "series", "", item="series:1")) and panel._is_open(part)
    assert not panel._is_open(replace(part, part=0)) and not panel._is_open(replace(part, item="series:11"))


def test_sentences_wrap_to_the_width_of_the_tree(panel, empty_session, qtbot):
    long = Finding(
        "tilt", "The gantry was tilted by 12 degrees: " + "the slices are shifted against each other. " * 3
    )
    fill(empty_session, series("1", findings=(long,)))
    index = panel.model.index_of("series:1!tilt:0")
    wide = panel.tree.visualRect(index).height()
    panel.resize(240, 900)
    qtbot.waitUntil(lambda: panel.tree.visualRect(index).height() > wide)


def test_stopping_cancels_the_scan(panel, empty_session, qtbot, tmp_path, monkeypatch):
    import threading

    from pellucid.files import discover

    def slow(_roots, *, on_found, cancelled):
        on_found(discover.Found(seen=1))
        while not cancelled():
            threading.Event().wait(0.01)
        return discover.Found()

    monkeypatch.setattr(discover, "discover", slow)
    job = empty_session.open([tmp_path])
    qtbot.waitUntil(panel.strip.isVisible)
    qtbot.mouseClick(panel.cancel, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: job.finished)


def test_the_empty_state_offers_folder_demo_and_recent(panel, empty_session, qtbot, tmp_path, monkeypatch):
    opened = []
    monkeypatch.setattr(empty_session, "open", lambda paths: opened.append(list(paths)))
    empty_session.settings.recent = [str(tmp_path), str(tmp_path / "gone")]
    empty_session.recent_changed.emit()
    buttons = {button.text(): button for button in panel.stack.widget(0).findChildren(QPushButton)}
    assert {"Open folder…", "Demo study"} <= buttons.keys()
    recent = [
        button for button in panel.recent.findChildren(QPushButton) if button.toolTip() == str(tmp_path)
    ]
    assert len(recent) == 1
    recent[0].click()
    assert opened == [[tmp_path]]
    with qtbot.waitSignal(panel.folder_asked):
        qtbot.mouseClick(buttons["Open folder…"], Qt.MouseButton.LeftButton)


SEGMENTS = {"volumes": (), "modality": "SEG", "content": "segmentation", "files": (Path("a"),)}


def test_segmentations_and_structures_name_their_parts_and_can_be_opened():
    said = (Finding("labels", "It opens as label layers.", "info"),)
    row = tree([series(**SEGMENTS, contents=("Liver", "Spleen"), findings=said)])[0].children[0].children[0]
    assert (row.detail, row.badge, row.item, row.glyph) == ("2 segments", "SEG", "series:1", "shape-outline")
    assert [(child.kind, child.title) for child in row.children] == [("part", "Liver"), ("part", "Spleen")]
    about = SEGMENTS | {"modality": "RTSTRUCT", "content": "structures", "contents": ("GTV",)}
    row = tree([series(**about)])[0].children[0].children[0]
    assert (row.detail, row.item, row.glyph) == ("1 structure", "series:1", "vector-polygon")


def test_a_double_click_on_a_segmentation_opens_labels_and_on_a_fraction_an_image(
    panel, empty_session, qtbot, monkeypatch
):
    opened = []
    monkeypatch.setattr(empty_session.label_objects, "open", lambda one, replace: opened.append(one.uid))
    monkeypatch.setattr(empty_session.loading, "load", lambda _item, part=0, **_more: opened.append(part))
    fill(empty_session, series("1", **(SEGMENTS | {"volumes": (PLAN,)}), contents=("Liver",)))
    panel.tree.expandAll()
    for node in ("series:1", "series:1#0"):
        index = panel.model.index_of(node)
        panel.tree.scrollTo(index)
        spot = panel.tree.visualRect(index).center()
        qtbot.mouseClick(panel.tree.viewport(), Qt.MouseButton.LeftButton, pos=spot)
        qtbot.mouseDClick(panel.tree.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    assert opened == ["1", 0]
    assert panel.model.index_of("series:1#0").data(NODE_ROLE).title == "Liver as an image"
    dragged = panel.model.mimeData([panel.model.index_of("series:1#0")]).data(ITEM_MIME)
    assert bytes(dragged.data()) == b"series:1\n0"


def test_a_finding_in_the_tree_says_and_does_what_mends_it(qtbot, monkeypatch):
    from pellucid.session import Session
    from pellucid.ui.docks import studies

    session = Session()
    try:
        panel = StudiesPanel(session)
        qtbot.addWidget(panel)
        plan = replace(PLAN, findings=(MISSING,))
        session.library._series["1"] = series(volumes=(PLAN, plan), findings=(MISSING,))
        panel._rebuild()
        node = next(child for child in tree(session.library.series)[0].children[0].children[0].children
                    if child.kind == "finding")  # fmt: skip
        assert (node.code, node.about) == ("missing-slices", "series:1")
        assert "Right click: Resample to even spacing" in node.tip
        asked = []
        monkeypatch.setattr(studies, "mend_series", lambda *given: asked.append(given[1:]))
        panel.mend(node)
        ((item, part, code),) = asked
        assert item.uid == "1" and part == 1 and code == "missing-slices"  # the second volume is the one with gaps
    finally:
        session.close()
