"""The moving layer dragged, turned and nudged on the canvas, and landmarks that are set and corrected."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt

from canvas_bench import Bench, make_labels, make_layer
from pellucid.model.geometry import Geometry
from pellucid.model.layer import ImageLayer
from pellucid.model.planes import PlaneFrame
from pellucid.model.rigid_parts import parts_of
from pellucid.model.view import Plane, PlaneMode, Tool
from pellucid.ui.canvas.hand_tool import pivot, ring

CTRL, SHIFT, ALT = (
    Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier,
)  # fmt: skip
GRID = Geometry((40, 36, 20), (1.0, 1.5, 2.0), (-20.0, 10.0, 5.0))


def two(bench: Bench, grid: Geometry = GRID) -> tuple[ImageLayer, ImageLayer]:
    """Show a fixed and a moving image, the moving one chosen and its tool in force."""
    rng = np.random.default_rng(2)
    fixed, moving = (make_layer(rng.integers(0, 255, grid.size[::-1]).astype(np.int16), grid) for _ in range(2))
    fixed.name, moving.name = "fixed", "moving"
    bench.show(fixed, moving)
    bench.session.document.active = moving
    bench.session.view.tool = Tool.MOVE_LAYER
    bench.area.flush()
    return fixed, moving


def motion(layer: ImageLayer) -> np.ndarray:
    assert layer.placement is not None
    return np.linalg.inv(layer.placement.matrix)


def frame_of(pane) -> PlaneFrame:
    assert pane.frame is not None
    return pane.frame


@pytest.mark.parametrize("plane", [Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL])
def test_a_drag_moves_the_layer_with_the_mouse_as_one_step(bench, plane):
    _, moving = two(bench)
    pane = bench.pane(plane)
    x, y = bench.centre(pane)
    start, end = pane.world_at(pivot(pane)), None
    bench.press(pane, (x, y))
    for share in (0.3, 0.7, 1.0):
        bench.move(pane, (x + 40 * share, y - 24 * share))
        assert bench.session.history.steps == ()
    assert "mm" in pane._readout
    assert moving.placement is not None, "it is seen to move while it is dragged"
    bench.release(pane, (x + 40, y - 24))
    frame = frame_of(pane)
    end = start + (40 * frame.right - 24 * frame.down) / pane.camera.scale
    np.testing.assert_allclose(motion(moving)[:3, 3], end - start, atol=1.01 / pane.camera.scale)
    np.testing.assert_allclose(motion(moving)[:3, :3], np.eye(3), atol=1e-12)
    assert [step.split(" by ")[0] for step in bench.session.history.steps] == ["Move moving"]
    assert pane._readout == ""
    bench.session.undo()
    assert moving.placement is None


@pytest.mark.parametrize("plane", [Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL])
@pytest.mark.parametrize("how", ["ring", "ctrl"])
def test_a_drag_on_the_ring_or_with_ctrl_turns_about_the_pivot(bench, plane, how):
    """What was to the right of the pivot comes to lie below it when the mouse goes a quarter clockwise."""
    _, moving = two(bench)
    pane = bench.pane(plane)
    centre, radius = pivot(pane), ring(pane) if how == "ring" else 30.0
    keys = CTRL if how == "ctrl" else Qt.KeyboardModifier.NoModifier
    bench.press(pane, (centre.x() + radius, centre.y()), keys=keys)
    for angle in np.radians([20, 45, 70, 90]):
        bench.move(pane, (centre.x() + radius * np.cos(angle), centre.y() + radius * np.sin(angle)), keys=keys)
    assert "clockwise" in pane._readout
    bench.release(pane, (centre.x(), centre.y() + radius), keys=keys)
    frame, about = frame_of(pane), pane.world_at(pivot(pane))
    right = np.append(about + 10 * frame.right, 1)
    np.testing.assert_allclose((motion(moving) @ right)[:3], about + 10 * frame.down, atol=0.5)
    assert bench.session.history.steps[0].startswith("Turn moving by ")


def test_turned_planes_move_the_layer_within_them(bench):
    _, moving = two(bench)
    bench.session.view.plane_mode = PlaneMode.ANATOMICAL
    turn = np.array([[0.8, -0.6, 0], [0.6, 0.8, 0], [0, 0, 1.0]])
    bench.session.view.rotation = tuple(float(n) for n in turn.ravel())
    bench.area.flush()
    pane = bench.pane(Plane.CORONAL)
    x, y = bench.centre(pane)
    bench.drag(pane, (x, y), (x + 30, y + 10))
    frame = frame_of(pane)
    way = motion(moving)[:3, 3]
    assert abs(way @ frame.normal) < 1e-9
    assert way @ frame.right == pytest.approx(30 / pane.camera.scale, rel=0.05)


def test_shift_makes_a_drag_ten_times_finer(bench):
    _, moving = two(bench)
    pane = bench.pane()
    x, y = bench.centre(pane)
    tool = pane.mouse._grabbed
    assert tool is not None
    pane.mouse.modifiers = SHIFT
    from PySide6.QtCore import QPointF

    from pellucid.ui.canvas.hand_tool import HandTool
    from pellucid.ui.canvas.tools import Pointer

    hand = HandTool()
    hand.press(pane, Pointer(QPointF(x, y), SHIFT))
    hand.move(pane, Pointer(QPointF(x + 50, y), SHIFT))
    hand.release(pane)
    assert np.linalg.norm(motion(moving)[:3, 3]) == pytest.approx(5 / pane.camera.scale)


def test_escape_puts_a_dragged_layer_back(bench):
    _, moving = two(bench)
    pane = bench.pane()
    x, y = bench.centre(pane)
    bench.press(pane, (x, y))
    bench.move(pane, (x + 30, y))
    assert moving.placement is not None
    pane.mouse.cancel()
    bench.release(pane, (x + 30, y))
    assert moving.placement is None
    assert bench.session.history.steps == ()


def test_arrows_move_by_a_pixel_page_keys_through_the_plane_and_alt_turns(bench):
    _, moving = two(bench)
    slice_before = bench.pane().index
    bench.key(Qt.Key.Key_Right)
    bench.key(Qt.Key.Key_Down, SHIFT)
    bench.key(Qt.Key.Key_PageDown)
    np.testing.assert_allclose(motion(moving)[:3, 3], [1.0, 15.0, 2.0], atol=1e-9)
    assert bench.pane().index == slice_before
    assert len(bench.session.history.steps) == 1
    bench.key(Qt.Key.Key_Right, ALT)
    assert parts_of(motion(moving), np.zeros(3)).angles == pytest.approx((0, 0, 0.5))
    bench.key(Qt.Key.Key_Left, ALT | SHIFT)
    assert parts_of(motion(moving), np.zeros(3)).angles == pytest.approx((0, 0, -4.5))
    bench.session.undo()
    assert moving.placement is None
    bench.session.view.tool = Tool.CROSSHAIR
    bench.key(Qt.Key.Key_Down)
    assert bench.pane().index == slice_before + 1


def test_labels_and_landmarks_go_along_while_the_layer_is_dragged(bench):
    fixed, moving = two(bench)
    array = np.zeros(GRID.size[::-1], np.uint8)
    array[9:11, 10:20, 10:20] = 1
    labels = make_labels(moving, array)
    labels.made_for = moving.id
    bench.session.document.insert(2, labels)
    pane = bench.pane()
    x, y = bench.centre(pane)
    bench.press(pane, (x, y))
    bench.move(pane, (x + 40, y))
    assert labels.placement is moving.placement is not None
    bench.release(pane, (x + 40, y))
    assert labels.geometry.origin == moving.geometry.origin != fixed.geometry.origin


def test_says_why_nothing_can_be_moved(bench):
    _, moving = two(bench)
    said = []
    bench.session.notice.connect(lambda text, _severity: said.append(text))
    pane = bench.pane()
    bench.session.viewing.show(pane.state, moving)
    bench.area.flush()
    bench.drag(pane, (200, 200), (240, 200))
    assert "Show “fixed” in this pane too" in said[-1]
    assert moving.placement is None


def test_a_single_slice_stays_in_its_plane(bench):
    flat = Geometry((40, 36, 1))
    _, moving = two(bench, flat)
    said = []
    bench.session.notice.connect(lambda text, _severity: said.append(text))
    bench.key(Qt.Key.Key_PageDown, plane=Plane.ACQUIRED)
    assert "within its plane" in said[-1]
    assert moving.placement is None
    bench.key(Qt.Key.Key_Right, plane=Plane.ACQUIRED)
    assert moving.placement is not None


def test_lengths_that_are_not_known_are_said_in_pixels(bench):
    _, _ = two(bench, Geometry((40, 36, 1), known_spacing=(False, False, False)))
    pane = bench.pane(Plane.ACQUIRED)
    x, y = bench.centre(pane)
    bench.press(pane, (x, y))
    bench.move(pane, (x + 30, y))
    assert pane._readout.endswith("px")
    bench.release(pane, (x + 30, y))
    assert bench.session.history.steps[0].endswith("px")


# -------------------------------------------------------------------- landmarks


def test_landmarks_are_set_on_both_images_in_turn_and_corrected_by_dragging(bench):
    fixed, moving = two(bench)
    bench.session.view.tool = Tool.LANDMARKS
    pane, landmarks = bench.pane(), bench.session.landmarks
    bench.drag(pane, (150, 150), (150, 150))
    assert "“moving”" in pane._readout
    bench.drag(pane, (152, 151), (152, 151))
    assert "2 on “fixed”" in pane._readout
    bench.drag(pane, (250, 150), (254, 158))
    first, second = landmarks.pairs()
    assert (first.name, first.is_complete) == ("1", True)
    assert first.fixed.layer == fixed.id and first.moving.layer == moving.id
    assert (second.name, second.moving) == ("2", None)
    bench.drag(pane, (250, 170), (250, 170))
    assert landmarks.pairs()[1].is_complete
    steps = len(bench.session.history.steps)
    bench.drag(pane, (250, 170), (270, 180))
    assert len(bench.session.history.steps) == steps + 1
    u, v = frame_of(pane).plane_coordinates(landmarks.pairs()[1].moving.points[0])
    at = pane.camera.to_widget(u, v)
    assert (at.x(), at.y()) == pytest.approx((270, 180), abs=1)
    for _ in range(5):
        bench.session.undo()
    assert landmarks.pairs() == ()


def test_a_pane_with_one_image_sets_landmarks_on_that_one(bench):
    fixed, moving = two(bench)
    bench.session.view.tool = Tool.LANDMARKS
    left, right = bench.pane(Plane.AXIAL), bench.pane(Plane.CORONAL)
    bench.session.viewing.show(left.state, fixed)
    bench.session.viewing.show(right.state, moving)
    bench.area.flush()
    for at in ((150, 150), (200, 150)):
        bench.drag(right, at, at)
    bench.drag(left, (160, 160), (160, 160))
    first, second = bench.session.landmarks.pairs()
    assert first.is_complete
    assert second.fixed is None
