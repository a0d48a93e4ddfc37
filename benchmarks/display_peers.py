"""What others do with the same volume and the same steps: pyqtgraph's own image items and views, and napari."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from display_timing import Paints, Side, settle

Size = tuple[int, int]


def image_view(volume: np.ndarray, size: Size, *, drag: Callable[[int], tuple[float, float]] | None = None) -> Side:
    """Return pyqtgraph.ImageView with its time line: stepping through z, or dragging the window."""
    import pyqtgraph as pg

    view = pg.ImageView()
    view.resize(*size)
    view.setImage(volume, axes={"t": 0, "y": 1, "x": 2}, autoLevels=False, levels=(-1000, 400))
    view.show()
    settle()

    def step(n: int) -> None:
        if drag is not None:
            view.setLevels(*drag(n))
        else:
            view.setCurrentIndex((n * 3 + 1) % len(volume))

    return Side(step, Paints(view.ui.graphicsView.viewport()), view, view.close)


def dab_at(n: int, size: int) -> tuple[int, int]:
    """Return where dab ``n`` begins: a hand goes to and fro, nine pixels at a time, and down at the ends."""
    per_row = (size - 120) // 9
    row, place = divmod(n, per_row)
    return 60 + 9 * (place if row % 2 == 0 else per_row - 1 - place), 60 + 15 * row % (size - 120)


class Stock:
    """One to three planes of stock pyqtgraph, each an image with levels and, with labels, an image with a table."""

    def __init__(self, volume: np.ndarray, labels: np.ndarray | None, size: Size, planes: int = 3) -> None:
        import pyqtgraph as pg
        from PySide6.QtWidgets import QGridLayout, QWidget

        self.volume, self.labels, self.levels = volume, labels, (-1000.0, 400.0)
        table = np.zeros((256, 4), np.uint8)
        table[1], table[2] = (86, 180, 233, 90), (230, 159, 0, 90)
        self.window = QWidget()
        grid = QGridLayout(self.window)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(2)
        self.views: list[Any] = []
        self.images: list[Any] = []
        self.tints: list[Any] = []
        for n in range(planes):
            view = pg.GraphicsView(background="k")
            view.setFixedSize(*size)
            box = pg.ViewBox(enableMouse=False, enableMenu=False, invertY=True, lockAspect=True)
            view.setCentralItem(box)
            self.images.append(pg.ImageItem(axisOrder="row-major"))
            box.addItem(self.images[-1])
            if labels is not None:
                self.tints.append(pg.ImageItem(axisOrder="row-major"))
                self.tints[-1].setLookupTable(table)
                box.addItem(self.tints[-1])
            grid.addWidget(view, n // 2, n % 2)
            self.views.append(view)
        self.boxes = [view.centralWidget for view in self.views]
        self.place = (0, 0, 0)
        self.scroll(0)
        self.window.show()
        settle()

    def side(self, step: Callable[[int], None]) -> Side:
        """Return what is timed: a step, and the repaint of all planes."""
        return Side(step, Paints(*(view.viewport() for view in self.views)), self, self.window.close)

    def _show(self, z: int, y: int, x: int) -> None:
        for n, (image, cut) in enumerate(zip(self.images, ((z,), (slice(None), y), (..., x)), strict=False)):
            turned = slice(None, None, -1 if n else 1)
            image.setImage(self.volume[cut][turned], autoLevels=False, levels=self.levels)
            if self.labels is not None:
                self.tints[n].setImage(self.labels[cut][turned], autoLevels=False, levels=(0, 255))

    def scroll(self, n: int) -> None:
        """Show other slices in all planes."""
        depth, rows, columns = self.volume.shape
        self.place = ((n * 3 + 1) % depth, (rows // 4 + 2 * n) % rows, (columns // 4 + 2 * n) % columns)
        self._show(*self.place)

    def window_drag(self, levels: tuple[float, float]) -> None:
        """Change the window of all planes."""
        self.levels = levels
        for image in self.images:
            image.setLevels(levels)

    def pan(self, n: int) -> None:
        """Move the picture to and fro."""
        for box in self.boxes:
            box.translateBy(x=5.0 if n % 20 < 10 else -5.0, y=3.0 if n % 20 < 10 else -3.0)

    def zoom(self, n: int) -> None:
        """Zoom in and out."""
        for box in self.boxes:
            box.scaleBy((0.98, 0.98) if n % 20 < 10 else (1 / 0.98, 1 / 0.98))

    def dab(self, n: int) -> None:
        """Paint 21 × 21 voxels and show the labels of all planes again."""
        assert self.labels is not None
        z = self.place[0]
        left, top = dab_at(n, self.labels.shape[1])
        self.labels[z, top : top + 21, left : left + 21] = 1
        self._show(*self.place)


class Napari:
    """A napari viewer over the same volume; a frame ends when its canvas was drawn."""

    def __init__(self, volume: np.ndarray, labels: np.ndarray | None, size: Size) -> None:
        import napari

        self.viewer = napari.Viewer(show=False)
        self.image = self.viewer.add_image(volume, contrast_limits=(-1000, 400), colormap="gray")
        self.labels = None if labels is None else self.viewer.add_labels(labels)
        self.volume = volume
        self.viewer.window.resize(*size)
        self.viewer.window._qt_window.show()
        self.drawn = 0
        canvas = self.viewer.window._qt_viewer.canvas._scene_canvas
        canvas.events.draw.connect(self._count)
        settle(1.0)

    def _count(self, _event: object) -> None:
        self.drawn += 1

    def side(self, step: Callable[[int], None]) -> Side:
        """Return what is timed."""
        return Side(step, lambda: self.drawn, self, self.viewer.close)

    def scroll(self, n: int) -> None:
        """Step through z."""
        self.viewer.dims.set_current_step(0, (n * 3 + 1) % len(self.volume))

    def window_drag(self, levels: tuple[float, float]) -> None:
        """Change the contrast limits."""
        self.image.contrast_limits = levels

    def dab(self, n: int) -> None:
        """Paint one dab of 21 voxels."""
        assert self.labels is not None
        self.labels.brush_size = 21
        x, y = dab_at(n, self.volume.shape[1])
        self.labels.paint((self.viewer.dims.current_step[0], y + 10, x + 10), 1)
