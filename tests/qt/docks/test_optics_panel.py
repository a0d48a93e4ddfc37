"""The panel “Optics”: filled from OME files, typed into, and what it then says."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from canvas_bench import make_layer
from pellucid.files import images
from pellucid.history.layers import AddLayer
from pellucid.model.geometry import Geometry
from pellucid.model.layer import ImageLayer
from pellucid.model.optics import Optics
from pellucid.model.volume import Acquisition
from pellucid.ui.docks.optics import OpticsPanel

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def panel(empty_session, show):
    return show(OpticsPanel(empty_session), 340, 760)


def type_into(box, text: str) -> None:
    box.setFocus()
    box.selectAll()
    QTest.keyClicks(box, text)


def said(panel) -> dict[str, str]:
    return {name: label.text() for name, label in panel.results.items()}


def show_image(session, spacing_um=(0.1, 0.1, 1.0), depth=1, known=True, **optics) -> ImageLayer:
    grid = Geometry((8, 8, depth), tuple(s / 1000 for s in spacing_um), known_spacing=(known,) * 3, oriented=False)
    facts = {"acquisition": Acquisition(optics=Optics(**optics, source="OME metadata"))} if optics else {}
    layer = make_layer(np.zeros((depth, 8, 8), np.uint16), grid, **facts)
    session.history.do(AddLayer(layer))
    session.document.active = layer
    return layer


def test_without_an_image_it_computes_from_what_is_typed(panel):
    fields = panel.fields
    type_into(fields.na, "1.4")
    type_into(fields.index, "1.515")
    assert fields.medium.value() == "oil"
    numbers = said(panel)
    assert (numbers["rayleigh"], numbers["abbe"], numbers["axial"]) == ("227 nm", "186 nm", "804 nm")
    assert "unknown" in panel.verdict.text() and "92.9 nm" in panel.verdict.text() and not panel.trouble.isVisible()


def test_an_impossible_aperture_is_said_and_nothing_is_computed(panel):
    type_into(panel.fields.na, "1.4")
    assert panel.trouble.isVisible() and "impossible" in panel.trouble.text()
    assert not panel.verdict.isVisible() and said(panel)["abbe"] == "–"


def test_what_cannot_be_read_is_said_with_its_field(panel):
    type_into(panel.fields.na, "much")
    assert "Numerical aperture" in panel.trouble.text()


def test_a_file_that_states_its_optics_fills_the_fields(panel, empty_session):
    show_image(empty_session, na=1.4, immersion="oil", magnification=63.0, wavelength_nm=509.0, channel="GFP",
               objective="Plan-Apochromat")  # fmt: skip
    fields = panel.fields
    assert (fields.na.value(), fields.wavelength.value(), fields.index.value()) == (1.4, 509.0, 1.515)
    assert fields.medium.value() == "oil" and fields.pixel.text() == "100 nm, 6.3 µm at the camera"
    assert panel.said.text().startswith("From OME metadata: Plan-Apochromat, 63 ×, NA 1.4, GFP.")
    assert "Sampling-limited" in panel.verdict.text() and panel.verdict.property("tone") == "warning"


def test_pixels_that_are_fine_enough_are_good(panel, empty_session):
    show_image(empty_session, spacing_um=(0.08, 0.08, 0.3), depth=5, na=1.4, immersion="oil", wavelength_nm=520.0)
    assert "Diffraction-limited" in panel.verdict.text() and panel.verdict.property("tone") == "good"
    assert "diffraction-limited" in panel.axial.text() and panel.axial.property("tone") == "good"


def test_the_coarser_side_of_a_pixel_counts(panel, empty_session):
    show_image(empty_session, spacing_um=(0.08, 0.2, 0.3), na=1.4, immersion="oil", wavelength_nm=520.0)
    assert said(panel)["here"] == "200 nm" and "Sampling-limited" in panel.verdict.text()


def test_an_unknown_spacing_is_never_taken_for_micrometres(panel, empty_session):
    show_image(empty_session, known=False, na=1.4, immersion="oil", wavelength_nm=520.0)
    assert said(panel)["here"] == "unknown" and "states no spacing" in panel.fields.pixel.text()
    assert not panel.axial.isVisible()


def test_the_camera_gives_the_pixel_and_the_power_that_is_needed(panel):
    fields = panel.fields
    type_into(fields.na, "1.4")
    type_into(fields.index, "1.515")
    QTest.mouseClick(fields.source.buttons[1], LEFT)
    type_into(fields.camera, "6.5")
    type_into(fields.power, "63")
    assert said(panel)["here"] == "103 nm" and said(panel)["power"] == "70 × for this camera"
    assert panel.results["power"].isVisible() and "Sampling-limited" in panel.verdict.text()
    type_into(fields.power, "100")
    assert "Diffraction-limited" in panel.verdict.text()
    fields.binning.set_value(2)
    fields.binning.chosen.emit(2)
    assert said(panel)["here"] == "130 nm"


def test_confocal_has_its_own_formulas_and_a_note(panel):
    assert not panel.note.isVisible() and panel.names["rayleigh"].text() == "Rayleigh, 0.61 λ/NA"
    QTest.mouseClick(panel.fields.mode.buttons[1], LEFT)
    assert panel.note.isVisible() and panel.names["rayleigh"].text() == "Lateral, 0.4 λ/NA"


def test_frames_of_other_channels_bring_their_wavelength(panel, empty_session, tmp_path):
    import tifffile

    path = tmp_path / "a.ome.tif"
    channels = {"Name": ["DAPI", "Cy5"], "EmissionWavelength": [461, 666], "EmissionWavelengthUnit": ["nm", "nm"]}
    metadata = {"axes": "CYX", "PhysicalSizeX": 0.2, "PhysicalSizeY": 0.2, "Channel": channels}
    tifffile.imwrite(path, np.zeros((2, 8, 9), np.uint16), ome=True, photometric="minisblack", metadata=metadata)
    layer = ImageLayer("a", images.read(path))
    empty_session.history.do(AddLayer(layer))
    empty_session.document.active = layer
    assert panel.fields.wavelength.value() == 461 and "DAPI" in panel.said.text() and said(panel)["here"] == "200 nm"
    layer.frame = 1
    assert panel.fields.wavelength.value() == 666 and "Cy5" in panel.said.text()


def test_what_is_typed_stays_until_another_file_says_otherwise(panel, empty_session):
    show_image(empty_session, na=1.4, immersion="oil", wavelength_nm=520.0)
    type_into(panel.fields.wavelength, "600")
    show_image(empty_session)
    assert panel.fields.wavelength.value() == 600 and "says nothing" in panel.said.text()
    show_image(empty_session, wavelength_nm=461.0)
    assert panel.fields.wavelength.value() == 461 and panel.fields.na.value() == 1.4


def test_everything_is_copied(panel):
    QTest.mouseClick(panel.copy, LEFT)
    text = QGuiApplication.clipboard().text()
    assert "Abbe, λ/(2 NA)\t325 nm" in text and panel.verdict.text() in text
