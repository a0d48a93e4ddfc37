"""Taking work away: exports of images, labels, slices and pictures, and the whole work in one file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pellucid.jobs.job import Job
from pellucid.model.layer import ImageLayer, LabelLayer, Layer
from pellucid.model.slicing import PlaneFrame, layer_plane

if TYPE_CHECKING:
    from pellucid.files.export import Report
    from pellucid.session.session import Session


class Saving:
    """Exports and the saved work; every file is written beside, read back and then put in place."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.path: Path | None = None
        self._job: Job | None = None

    def has_work(self) -> bool:
        """Return whether there is anything that saving would keep."""
        return bool(self._session.document.layers)

    def losses(self, layer: Layer, target: str | Path) -> tuple[str, ...]:
        """Return a sentence for everything the format of a path cannot keep of a layer."""
        from pellucid.files.formats import losses

        return losses(_exported(layer), target)

    def obstacle(self, layer: Layer, target: str | Path) -> str:
        """Return the sentence why the format of a path cannot hold a layer at all, or ``""``."""
        from pellucid.files.formats import obstacle

        return obstacle(_exported(layer), target)

    def export_layer(self, layer: Layer, path: Path, *, accept_loss: bool = False,
                     done: Callable[[Report], None] | None = None) -> Job:  # fmt: skip
        """Write a layer to a file in the background and verify it; a failure becomes a notice."""
        if isinstance(layer, LabelLayer):
            snapshot = layer.labels.copy()

            def work(job: Job) -> Report:
                from pellucid.files.export import export_labels

                return export_labels(snapshot, path, accept_loss=accept_loss, progress=job.report,
                                     cancelled=job.cancelled)  # fmt: skip
        else:
            frames = layer.frames

            def work(job: Job) -> Report:
                from pellucid.files.export import export_image

                return export_image(frames, path, accept_loss=accept_loss, progress=job.report,
                                    cancelled=job.cancelled)  # fmt: skip

        return self._write(path, work, done)

    def slice_pixels(self, layer: ImageLayer, frame: PlaneFrame, index: int) -> NDArray[Any] | None:
        """Return the true values of the slice a pane shows, as it lies on the screen; None outside the layer."""
        plane = layer_plane(layer.volume.array, layer.geometry, frame, index)
        return None if plane is None else np.ascontiguousarray(plane.array)

    def export_slice(self, layer: ImageLayer, frame: PlaneFrame, index: int, path: Path, *, as_shown: bool,
                     done: Callable[[Report], None] | None = None) -> Job:  # fmt: skip
        """Write one slice: with ``as_shown`` in 8 bits with the window, else with its true values."""
        pixels = self.slice_pixels(layer, frame, index)
        limits = layer.display.limits if as_shown and not layer.volume.is_colour else None
        geometry, inverted = layer.geometry, layer.display.invert
        spacing = None
        if geometry.known_spacing[frame.right_axis] and geometry.known_spacing[frame.down_axis]:
            spacing = geometry.spacing[frame.right_axis], geometry.spacing[frame.down_axis]

        def work(job: Job) -> Report:
            from pellucid.files.export import export_slice
            from pellucid.model.findings import Refused

            if pixels is None:
                raise Refused(f"“{layer.name}” does not reach this slice. Move to a slice that shows it.")
            window = limits[::-1] if limits is not None and inverted else limits
            return export_slice(pixels, path, window=window, spacing=spacing)

        return self._write(path, work, done)

    def export_picture(self, pixels: NDArray[np.uint8], path: Path,
                       done: Callable[[Report], None] | None = None) -> Job:  # fmt: skip
        """Write a picture of the panes, (rows, columns, 3) in 8 bits."""

        def work(_job: Job) -> Report:
            from pellucid.files.export import export_picture

            return export_picture(pixels, path)

        return self._write(path, work, done)

    def _write(self, path: Path, work: Callable[[Job], Report], done: Callable[[Report], None] | None) -> Job:
        session = self._session

        def finish(report: Report) -> None:
            if done is not None:
                done(report)
            session.notice.emit(" ".join(report.sentences), "info")

        return session.jobs.load(f"Writing {path.name}", work, finish, lambda text: session.notice.emit(text, "error"))


def _exported(layer: Layer) -> Any:
    return layer.labels if isinstance(layer, LabelLayer) else layer.frames
