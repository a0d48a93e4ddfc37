"""Windows in a sitting: what is shown first, what is remembered for a series, what follows the voxels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dicom_making import save, stack
from pellucid.model.document import Document
from pellucid.model.geometry import Geometry
from pellucid.model.layer import ImageLayer, Provenance, Source
from pellucid.model.transfer import SIGMOID, STEPS, STRAIGHT, Kind, Transfer, shares
from pellucid.model.volume import image_from_array
from pellucid.session import Session
from pellucid.session.window_memory import WindowMemory, key
from phantoms import volume


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    """Return a session whose folder holds a soft series (LINEAR) and a sharp one (SIGMOID)."""
    for name, uid, function in (("soft", "1.2.3.1", "LINEAR"), ("sharp", "1.2.3.2", "SIGMOID")):
        _, slices = stack(4, series=uid, WindowCenter=40, WindowWidth=400, VOILUTFunction=function,
                          SeriesDescription=name)  # fmt: skip
        save(tmp_path / name, slices)
    session = Session()
    session.open([tmp_path])
    session.jobs.drain()
    yield session
    session.close()


def load(session: Session, name: str, *, replace: bool = True) -> ImageLayer:
    """Open a series by its description."""
    (series,) = [s for s in session.library.series if s.description == name]
    session.loading.load(series, replace=replace)
    session.jobs.drain()
    return session.document.active_image


def test_the_function_of_the_file_is_shown_first_and_reset_returns_to_it(session: Session) -> None:
    soft = load(session, "soft")
    assert soft.display.transfer == STEPS
    sharp = load(session, "sharp")
    assert sharp.display.transfer == sharp.first_transfer == SIGMOID
    sharp.display.transfer = Transfer(Kind.GAMMA, gamma=2.0)
    sharp.display.set_limits(0, 1)
    session.looking.reset_window(sharp)
    assert sharp.display.transfer == SIGMOID and sharp.display.limits == (-160, 240)


def test_a_series_comes_back_with_the_window_it_was_left_with(session: Session) -> None:
    soft = load(session, "soft")
    soft.display.set_limits(-900, 100)
    soft.display.colormap, soft.display.invert = "hot", True
    soft.display.transfer = Transfer(Kind.GAMMA, gamma=0.5)
    sharp = load(session, "sharp")
    assert sharp.display.limits == (-160, 240) and sharp.display.colormap == "grey"
    again = load(session, "soft")
    assert again is not soft
    assert again.display.limits == (-900, 100)
    assert (again.display.colormap, again.display.invert) == ("hot", True)
    assert again.display.transfer == Transfer(Kind.GAMMA, gamma=0.5)
    session.looking.reset_window(again)
    assert again.display.limits == (-160, 240) and again.display.transfer == STEPS


def test_what_was_reset_is_not_remembered(session: Session) -> None:
    soft = load(session, "soft")
    soft.display.set_limits(-900, 100)
    load(session, "sharp")
    soft = load(session, "soft")
    session.looking.reset_window(soft)
    load(session, "sharp")
    assert load(session, "soft").display.limits == (-160, 240)
    assert len(session.appearance.memory) == 0


def test_a_filtered_image_does_not_change_what_is_remembered(session: Session) -> None:
    soft = load(session, "soft")
    soft.provenance = (Provenance("smoothing.gaussian"),)
    soft.display.set_limits(0, 3)
    load(session, "sharp")
    assert load(session, "soft").display.limits == (-160, 240)


def test_the_memory_is_bounded_and_knows_sources_only() -> None:
    document = Document()
    memory = WindowMemory(document)
    frame = volume(np.zeros((1, 2, 2), np.int16), Geometry((2, 2, 1)))
    for n in range(510):
        layer = ImageLayer("x", (frame,), source=Source("image", (f"/somewhere/{n}.nii",)))
        memory.recall(layer)
        document.insert(0, layer)
        layer.display.set_limits(n, n + 1)
        document.remove(layer)
    assert len(memory) == 500
    nameless = ImageLayer("x", (frame,))
    assert key(nameless) == ""


def test_an_equalised_display_follows_new_voxels(session: Session) -> None:
    soft = load(session, "soft")
    session.appearance.equalise(soft)
    session.jobs.drain()
    first = soft.display.transfer.spread
    assert first is not None
    array = np.sort(soft.volume.array.ravel()).reshape(soft.volume.array.shape) // 2
    soft.frames = (replace(soft.volume, image=image_from_array(array, soft.geometry)),)
    session.jobs.drain()
    assert soft.display.transfer.spread is not first
    low, high = float(array.min()), float(array.max())
    found = np.sort(shares(array.ravel(), low, high, soft.display.transfer))
    assert np.abs(found - np.linspace(0, 1, found.size)).max() < 0.03
    soft.display.transfer = STRAIGHT


def test_the_slice_alone_gives_a_window(session: Session) -> None:
    soft = load(session, "soft")
    session.slice_in_use = lambda: (2, 1)
    session.looking.auto_slice(soft)
    session.jobs.drain()
    assert soft.display.limits == pytest.approx(tuple(np.percentile(soft.volume.array[1], (0.1, 99.9))), abs=1)
