"""What edits of very many voxels take of the main thread: recorded, undone, redone, and copied for work elsewhere.

    python benchmarks/large_edits.py [--only NAME] [--slices 600]

For each thing that the user does: the longest single block of the main thread and the sum of all, each as the time that
the thread itself ran and as the time that passed (the first is what counts on a machine that is busy), in ms. A block
is one call from the window, or one answer of a job. The window is not there, so painting the panes comes on top.

block    the main thread                        <= 50 ms
"""

from __future__ import annotations

import argparse
import contextlib
import os
import queue
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "app"))

SIZE = 512
Blocks = list[tuple[float, float]]


class Bench:
    """A session with an image and a label layer, whose jobs answer through a queue that is timed."""

    def __init__(self, slices: int) -> None:
        from pellucid.jobs.runner import Runner
        from pellucid.model.geometry import Geometry
        from pellucid.model.layer import Source
        from pellucid.model.volume import Volume, image_from_array
        from pellucid.session import Session
        from pellucid.session.opening import Loaded

        self.calls: queue.SimpleQueue[Callable[[], object]] = queue.SimpleQueue()
        self.session = Session(jobs=Runner(wake=self.calls.put))
        grid = Geometry(size=(SIZE, SIZE, slices))
        z, y, x = (np.linspace(-1, 1, n, dtype=np.float32) for n in (slices, SIZE, SIZE))
        away = (z**2)[:, None, None] + (y**2)[:, None] + x**2
        noise = np.random.default_rng(1).integers(0, 40, (slices, SIZE, SIZE), dtype=np.int16)
        self.ball = (away < 1.0).astype(np.int16) * 300 + noise
        volume = Volume(image_from_array(self.ball, grid), grid, unit="HU")
        self.session.loading.add(Loaded((volume,), (-100.0, 400.0), "CT", Source()), replace=False)
        self.image = self.session.document.active_image
        self.layer = self.session.labelling.add_layer()
        self.blocks: Blocks = []
        self.session.running.operations()  # importing them is not what is measured

    def block(self, work: Callable[[], Any]) -> Any:
        """Do something on the main thread and note what it took."""
        thread, wall = time.thread_time(), time.perf_counter()
        answer = work()
        self.blocks.append(((time.thread_time() - thread) * 1e3, (time.perf_counter() - wall) * 1e3))
        return answer

    def drain(self) -> None:
        """Hand over the answers of jobs, each as a block, until no job is left."""
        while self.session.jobs.running or not self.calls.empty():
            with contextlib.suppress(queue.Empty):
                self.block(self.calls.get(timeout=0.05))

    def show(self, name: str, *works: Callable[[], Any]) -> None:
        """Do things one after the other and print what they took."""
        self.blocks = []
        for work in works:
            self.block(work)
            self.drain()
        (thread, wall), (all_thread, all_wall) = (
            [pick(block[n] for block in self.blocks) for n in (0, 1)] for pick in (max, sum)
        )
        met = "met" if thread <= 50 else "MISSED"
        print(f"{name:28}{met:8}longest {thread:8.1f} ({wall:8.1f})   sum {all_thread:8.1f} ({all_wall:8.1f})",
              flush=True)  # fmt: skip


def ball(voxels: float, slices: int) -> tuple[tuple[slice, slice, slice], np.ndarray]:
    """Return a box round the middle, and the ball of about so many voxels in it."""
    radius = int(min((voxels * 3 / 4 / np.pi) ** (1 / 3), SIZE / 2, slices / 2))
    z, y, x = np.ogrid[-radius:radius, -radius:radius, -radius:radius]
    middle = (slices // 2, SIZE // 2, SIZE // 2)
    z0, y0, x0 = (slice(n - radius, n + radius) for n in middle)
    return (z0, y0, x0), z**2 + y**2 + x**2 < radius**2


def applied(bench: Bench, name: str, box: Any, inside: np.ndarray) -> None:
    """Change a region in one go, then undo and redo it."""
    session, label = bench.session, f"{name} {inside.sum() / 1e6:.0f} M"
    bench.show(f"{label}: apply", lambda: session.editing.apply(box, inside))
    back_and_forth(bench, label)


def back_and_forth(bench: Bench, label: str) -> None:
    """Undo, redo and undo again."""
    session = bench.session
    bench.show(f"{label}: undo", session.undo)
    bench.show(f"{label}: redo", session.redo)
    bench.show(f"{label}: undo again", session.undo)


def region(bench: Bench, slices: int) -> None:
    """Regions of a million voxels, of many, and of many that are scattered."""
    applied(bench, "ball", *ball(1e6, slices))
    applied(bench, "ball", *ball(80e6, slices))
    scattered = np.random.default_rng(2).random((slices, SIZE, SIZE), np.float32) < 0.5
    applied(bench, "noise", (slice(0, slices), slice(0, SIZE), slice(0, SIZE)), scattered)


def wand(bench: Bench, _slices: int) -> None:
    """The wand through all slices, and the fill of what it found."""
    from pellucid.model.planes import plane_frame
    from pellucid.model.view import Plane
    from pellucid.session.filling import Spot

    session, frame = bench.session, plane_frame(bench.layer.geometry, Plane.AXIAL)
    spot = Spot(frame, 300, np.array([256.0, 256.0, 300.0]), bench.image)
    session.view.fill_volume, session.view.wand_tolerance = True, 100.0
    session.document.active = bench.layer
    bench.show("wand: show", lambda: session.wand.begin(spot))
    bench.show("wand: finish", session.wand.finish)
    back_and_forth(bench, "wand")
    bench.show("fill: all of it", lambda: session.filling.fill(spot))
    back_and_forth(bench, "fill")


def scissors(bench: Bench, _slices: int) -> None:
    """An outline through the volume."""
    from pellucid.history.outlines import Depth
    from pellucid.model.annotations import Annotation, Kind
    from pellucid.session.outlining import Use

    session, frame = bench.session, bench.session.viewing.frame(bench.session.view.panes[0])
    corners = np.array([[100.0, 100.0, 300.0], [400.0, 110.0, 300.0], [410.0, 410.0, 300.0], [90.0, 400.0, 300.0]])
    normal, right, down = (tuple(map(float, vector)) for vector in (frame.normal, frame.right, frame.down))
    outline = Annotation(Kind.POLYGON, tuple(map(tuple, corners)), normal, right, down)
    bench.show("scissors: close", lambda: session.outlining.close(outline, Use(depth=Depth.ALL, scissors=True)))
    back_and_forth(bench, "scissors")


def results(bench: Bench, _slices: int) -> None:
    """A threshold becomes the active label; and again while the user changes something."""
    session = bench.session
    session.document.active = bench.image
    values = {"lower": 250.0, "upper": 1000.0}
    bench.show("threshold: apply", lambda: session.running.apply("threshold.range", values))
    back_and_forth(bench, "threshold")

    def meanwhile() -> None:
        session.running.apply("threshold.range", values)
        bench.layer.labels.touch((slice(0, 1), slice(0, 1), slice(0, 1)))

    session.document.active = bench.image
    bench.show("threshold: painted meanwhile", meanwhile)
    session.document.active = bench.layer
    bench.show("label: dilate", lambda: session.running.apply("masks.dilate", {}))
    bench.show("labels: split", lambda: session.running.apply("labels.split", {}))


def copies(bench: Bench, _slices: int) -> None:
    """Everything that works on a copy of the labels."""
    session, layer = bench.session, bench.layer
    session.document.active = layer
    box, inside = ball(20e6, layer.labels.shape[0])
    session.editing.apply(box, inside)
    bench.drain()
    bench.show("statistics", lambda: session.labelling.statistics(lambda _rows: None))
    inputs = session.running.inputs
    bench.show("snapshot", lambda: inputs.taken((layer.id, 1)))
    home = Path(os.environ["PELLUCID_HOME"])
    bench.show("export labels", lambda: session.saving.export_layer(layer, home / "labels.nrrd"))
    bench.show("agreement", lambda: session.agreeing._taken([(layer.id, 1)]))
    bench.show("time curves", lambda: session.curving.of_labels(lambda _curves: None))


def wide(bench: Bench, slices: int) -> None:
    """The first label above 255."""
    from pellucid.model.labels import Label

    layer = bench.layer
    layer.labels.set_label(Label(300, "Label 300", "#00ff00"))
    layer.active_label = 300
    bench.session.document.active = layer
    bench.show("widening: dab", lambda: bench.session.editing.apply(*ball(3000, slices)))


def as_labels(bench: Bench, _slices: int) -> None:
    """An image becomes a label layer."""
    image = bench.image
    bench.show("use as labels", lambda: bench.session.labelling.use_as_labels(image))


def hand(bench: Bench, _slices: int) -> None:
    """The last of many strokes in a row."""
    session, layer = bench.session, bench.layer
    session.document.active = layer
    small = np.ones((1, 4, 4), bool)
    for n in range(4000):
        y, x = divmod(n * 8, 504)
        session.editing.apply((slice(9, 10), slice(y, y + 4), slice(x, x + 4)), small)
    bench.show("stroke 4001", lambda: session.editing.apply((slice(19, 20), slice(0, 4), slice(0, 4)), small))


CASES = (region, wand, scissors, results, copies, wide, hand, as_labels)


def main() -> int:
    """Run the cases, each in a session of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="")
    parser.add_argument("--slices", type=int, default=600)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        os.environ["PELLUCID_HOME"] = home
        for case in CASES:
            if chosen.only in case.__name__:
                bench = Bench(chosen.slices)
                try:
                    case(bench, chosen.slices)
                except Exception as error:
                    print(case.__name__, "failed:", repr(error), flush=True)
                    if chosen.only:
                        raise
                bench.session.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
