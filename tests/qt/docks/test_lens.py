"""The lens over a real window: what is under the mouse, pinned and moved with keys, and what kernels make of it."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from scipy import ndimage

from canvas_bench import make_layer
from hands import User
from pellucid.model.compare import CompareMode
from pellucid.model.geometry import Geometry
from pellucid.model.kernels import KERNELS
from pellucid.model.rescale import Rescale
from pellucid.model.view import Plane
from pellucid.ui import theme
from pellucid.ui.docks.number_grid import NumberGrid, readable

KEY, LEFT = Qt.Key, Qt.MouseButton.LeftButton
RAW = np.random.default_rng(5).integers(0, 4095, (12, 20, 30))


@pytest.fixture
def user(qtbot):
    user = User(qtbot, (1280, 900))
    yield user
    user.leave()


@pytest.fixture
def ct(user):
    values = (RAW - 1024).astype(np.int16)
    rescale = Rescale.of([(1.0, -1024.0)], "12 bits, unsigned", 0, 4095)
    layer = make_layer(values, Geometry((30, 20, 12), (1.0, 1.0, 2.0)), (-1000, 3000), unit="HU", rescale=rescale)
    user.session.document.insert(0, layer)
    user.session.centre_crosshair()
    user.rest()
    return layer


@pytest.fixture
def lens(user, ct):
    panel = user.window.show_dock("Lens")
    user.rest()
    return panel


def hover(user, plane, index) -> None:
    """Move the mouse onto a voxel of the slice that a plane shows."""
    pane = user.window.canvas.pane(plane)
    world = user.session.document.images[0].geometry.index_to_world(index)
    place = pane.viewport().mapTo(user.window, pane.widget_at(world).toPoint() + QPoint(1, 1))
    for where in (place + QPoint(40, 40), place):
        QTest.mouseMove(user.window.windowHandle(), where)
        QApplication.processEvents()
    user.wait(lambda: not user.window.panel("Lens")._wait.isActive())
    QApplication.processEvents()


def texts(panel):
    return [[cell.text for cell in row] for row in panel.grid.cells]


def numbers(panel):
    return np.array([[float(t.replace("\N{MINUS SIGN}", "-")) for t in row] for row in texts(panel)])


def test_it_says_what_to_do_before_the_mouse_came(user, lens):
    assert lens.stack.currentIndex() == 0 and user.session.pointing.lens is None


def test_the_numbers_under_the_mouse_and_around_it(user, lens, ct):
    z = user.window.canvas.pane(Plane.AXIAL).index
    hover(user, Plane.AXIAL, (12, 9, z))
    assert np.array_equal(numbers(lens), ct.volume.array[z, 7:12, 10:15])
    lines = {name: label.text() for name, label in lens.lines.items()}
    raw = RAW[z, 9, 12]
    assert lines["index"] == f"x 12, y 9, z {z}"
    assert lines["value"].replace("\N{MINUS SIGN}", "-") == f"{raw - 1024} HU"
    assert lines["stored"] == f"{raw}   (× 1 \N{MINUS SIGN} 1024)"
    assert lines["type"] == "int16 (stored: 12 bits, unsigned)" and "32767" in lines["type_range"]
    user.rest()
    low, high = RAW.min() - 1024, RAW.max() - 1024
    assert lens.lines["image_range"].text() == f"{low} … {high} HU".replace("-", "\N{MINUS SIGN}")


def test_other_planes_show_their_own_neighbours_as_on_the_screen(user, lens, ct):
    y = user.window.canvas.pane(Plane.CORONAL).index
    hover(user, Plane.CORONAL, (12, y, 6))
    assert np.array_equal(numbers(lens), ct.volume.array[4:9, y, 10:15][::-1]), "head up: z grows upwards"
    assert "\N{MINUS SIGN}z downwards" in lens.said.text()


def test_stored_numbers_instead_of_values(user, lens, ct):
    z = user.window.canvas.pane(Plane.AXIAL).index
    hover(user, Plane.AXIAL, (12, 9, z))
    QTest.mouseClick(lens.shown.buttons[1], LEFT)
    user.rest()
    assert np.array_equal(numbers(lens), RAW[z, 7:12, 10:15])


@pytest.mark.parametrize("name", ["gaussian5", "sobel_y", "laplacian8"])
def test_the_result_is_that_of_the_filter_at_this_pixel(user, lens, ct, name):
    kernel = next(k for k in KERNELS if k.name == name)
    z = user.window.canvas.pane(Plane.AXIAL).index
    lens.kernel.set_value(kernel)
    hover(user, Plane.AXIAL, (0, 0, z))
    wanted = ndimage.correlate(ct.volume.array[z].astype(float), np.array(kernel.weights), mode="nearest")[0, 0]
    said = lens.total.text().replace("\N{MINUS SIGN}", "-")
    assert float(said.rsplit("= ", 1)[1]) == pytest.approx(wanted, rel=1e-4)
    result = lens.result.text().replace("\N{MINUS SIGN}", "-")
    assert result.endswith(" HU") and float(result.split()[-2]) == pytest.approx(wanted / kernel.divisor, rel=1e-4)
    assert "lie outside" in lens.outside.text() and lens.outside.isVisible()


def test_convolution_turns_the_kernel(user, lens, ct):
    z = user.window.canvas.pane(Plane.AXIAL).index
    lens.kernel.set_value(next(k for k in KERNELS if k.name == "sobel_x"))
    hover(user, Plane.AXIAL, (12, 9, z))
    before = lens.total.text().rsplit("= ", 1)[1]
    QTest.mouseClick(lens.way.buttons[1], LEFT)
    user.rest()
    after = lens.total.text().rsplit("= ", 1)[1]
    assert after.strip("\N{MINUS SIGN}") == before.strip("\N{MINUS SIGN}") and after != before
    assert [c.text for c in lens.weights.cells[0]] == ["1", "0", "\N{MINUS SIGN}1"] and "180" in lens.total.text()


def test_products_stand_where_the_kernel_lies_and_add_up(user, lens, ct):
    z = user.window.canvas.pane(Plane.AXIAL).index
    lens.kernel.set_value(next(k for k in KERNELS if k.name == "sharpen"))
    hover(user, Plane.AXIAL, (12, 9, z))
    lens.products.click()
    user.rest()
    inner = numbers(lens)[1:4, 1:4]
    assert inner.sum() == pytest.approx(float(lens.total.text().rsplit("= ", 1)[1].replace("\N{MINUS SIGN}", "-")))
    assert lens.grid.cells[0][0].faint and not lens.grid.cells[2][2].faint


def test_pinned_by_its_key_it_stays_and_arrows_move_it(user, lens, ct):
    z = user.window.canvas.pane(Plane.AXIAL).index
    hover(user, Plane.AXIAL, (12, 9, z))
    user.press(KEY.Key_L, Qt.KeyboardModifier.ShiftModifier)
    assert lens.pin.isChecked()
    hover(user, Plane.AXIAL, (20, 15, z))
    assert lens.lines["index"].text() == f"x 12, y 9, z {z}"
    way = ((KEY.Key_Right, (13, 9)), (KEY.Key_Down, (13, 10)), (KEY.Key_Left, (12, 10)), (KEY.Key_Up, (12, 9)))
    for key, index in way:
        QTest.keyClick(lens.grid, key)
        assert lens.lines["index"].text() == f"x {index[0]}, y {index[1]}, z {z}"
    user.press(KEY.Key_L, Qt.KeyboardModifier.ShiftModifier)
    hover(user, Plane.AXIAL, (20, 15, z))
    assert lens.lines["index"].text() == f"x 20, y 15, z {z}"


def test_it_does_not_leave_the_image(user, lens, ct):
    z = user.window.canvas.pane(Plane.AXIAL).index
    hover(user, Plane.AXIAL, (0, 0, z))
    QTest.keyClick(lens.grid, KEY.Key_Left)
    QTest.keyClick(lens.grid, KEY.Key_Up)
    assert lens.lines["index"].text() == f"x 0, y 0, z {z}"


def test_a_click_on_a_cell_goes_there(user, lens, ct):
    z = user.window.canvas.pane(Plane.AXIAL).index
    hover(user, Plane.AXIAL, (12, 9, z))
    QTest.mouseClick(lens.grid, LEFT, pos=lens.grid.cell_rect(0, 4).center())
    assert lens.lines["index"].text() == f"x 14, y 7, z {z}" and lens.pin.isChecked()


def test_the_square_is_drawn_on_its_pane_and_goes_with_the_dock(user, lens, ct):
    pane = user.window.canvas.pane(Plane.AXIAL)
    z = pane.index
    hover(user, Plane.AXIAL, (12, 9, z))
    spot = user.session.pointing.lens
    assert spot.pane is pane.state and np.allclose(ct.geometry.world_to_index(spot.corners[0]), (9.5, 6.5, z))
    user.window.docks["Lens"].hide()
    QApplication.processEvents()
    assert user.session.pointing.lens is None


def test_resting_it_draws_nothing_again(user, lens, ct):
    z = user.window.canvas.pane(Plane.AXIAL).index
    hover(user, Plane.AXIAL, (12, 9, z))
    user.rest(0.3)
    drawn = []
    user.window.canvas.pane(Plane.AXIAL).refreshed.connect(lambda: drawn.append(1))
    user.rest(0.3)
    assert not drawn


def test_scrolling_under_a_resting_mouse_shows_the_new_slice(user, lens, ct):
    pane = user.window.canvas.pane(Plane.AXIAL)
    hover(user, Plane.AXIAL, (12, 9, pane.index))
    pane.step(1)
    user.rest()
    assert lens.lines["index"].text() == f"x 12, y 9, z {pane.index}"


def test_closing_the_image_empties_it(user, lens, ct):
    hover(user, Plane.AXIAL, (12, 9, user.window.canvas.pane(Plane.AXIAL).index))
    user.session.close_all()
    user.rest()
    assert lens.stack.currentIndex() == 0 and user.session.pointing.lens is None


def test_colours_by_channel_and_hex(user):
    rgb = np.random.default_rng(2).integers(0, 255, (1, 20, 30, 3)).astype(np.uint8)
    user.session.document.insert(0, make_layer(rgb, Geometry((30, 20, 1))))
    user.session.centre_crosshair()
    lens = user.window.show_dock("Lens")
    user.rest()
    hover(user, Plane.ACQUIRED, (12, 9, 0))
    r, g, b = rgb[0, 9, 12]
    assert lens.lines["value"].text() == f"R {r}  G {g}  B {b}  #{r:02X}{g:02X}{b:02X}"
    assert texts(lens)[2][2] == f"{r:02X}{g:02X}{b:02X}" and lens.grid.cells[2][2].color == f"#{r:02x}{g:02x}{b:02x}"
    lens.channel.set_value(1)
    lens.channel.chosen.emit(1)
    user.rest()
    assert np.array_equal(numbers(lens), rgb[0, 7:12, 10:15, 1])
    wanted = ndimage.correlate(rgb[0, ..., 1].astype(float), np.array(KERNELS[3].weights), mode="nearest")[9, 12] / 16
    assert float(lens.result.text().split()[-1]) == pytest.approx(wanted, rel=1e-4)


@pytest.mark.parametrize("size", [3, 9, 15])
def test_every_number_can_be_read_at_every_size(user, lens, ct, size):
    lens.size_box.set_value(size)
    hover(user, Plane.AXIAL, (12, 9, user.window.canvas.pane(Plane.AXIAL).index))
    user.rest()
    grid = lens.grid
    assert len(grid.cells) == size
    for n, row in enumerate(grid.cells):
        for k, cell in enumerate(row):
            assert grid.fontMetrics().horizontalAdvance(cell.text) <= grid.cell_rect(n, k).width()
            assert theme.contrast(readable(cell.color), cell.color) >= 4.5


def test_tooltips_of_cells_tell_where_they_are_and_what_lies_outside(user, lens, ct):
    z = user.window.canvas.pane(Plane.AXIAL).index
    hover(user, Plane.AXIAL, (0, 0, z))
    assert "lies outside the image" in lens.grid.cells[0][0].tip and lens.grid.cells[0][0].outside
    tip = lens.grid.cells[3][3].tip
    assert tip.startswith(f"x 1, y 1, z {z}: ") and "Weight 1, product" in tip


def test_an_empty_grid_paints_nothing_and_finds_nothing(qtbot):
    grid = NumberGrid("None", steps=True)
    qtbot.addWidget(grid)
    grid.show()
    assert grid.cell_at(QPoint(3, 3)) is None
    grid.grab()


def test_it_says_whose_numbers_they_are_where_the_pane_shows_more(user, lens, ct):
    z = user.window.canvas.pane(Plane.AXIAL).index
    hover(user, Plane.AXIAL, (12, 9, z))
    assert "The numbers are" not in lens.said.text()
    user.window.canvas.pane(Plane.AXIAL).state.slab = 6.0
    hover(user, Plane.AXIAL, (13, 9, z))
    assert "slice in its middle" in lens.said.text()
    assert np.array_equal(numbers(lens), ct.volume.array[z, 7:12, 11:16])
    other = make_layer((RAW - 500).astype(np.int16), ct.geometry, (0, 100), unit="HU")
    other.name = "Second"
    user.session.document.insert(1, other)
    user.rest()
    hover(user, Plane.AXIAL, (12, 9, z))
    assert f"those of “{lens._layer.name}”" in lens.said.text()
    user.session.comparing.start(CompareMode.DIFFERENCE)
    hover(user, Plane.AXIAL, (13, 9, z))
    assert "compares two images" in lens.said.text()
