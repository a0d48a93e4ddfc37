"""A time series that is aligned in the window and on the command line has the same bytes; so has its template."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from command_line import Run
from pellucid.files.images import read
from pellucid.history.layers import AddLayer
from pellucid.model.layer import ImageLayer
from pellucid.session import Session
from pellucid.settings import Settings

SHIFTS = ((0.0, 0.0, 0.0), (1.3, -0.4, 0.2), (-0.8, 2.1, -0.5), (0.4, 0.6, 1.1))


@pytest.fixture
def session(tmp_path: Path):
    session = Session(Settings.load(tmp_path / "settings"))
    yield session
    session.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Write a head that moves, as 4-D NIfTI."""
    from scipy import ndimage

    texture = ndimage.gaussian_filter(np.random.default_rng(0).random((26, 50, 54)), 2) * 20000
    frames = [ndimage.shift(texture, shift, order=3, mode="nearest")[4:-4, 6:-6, 6:-6] for shift in SHIFTS]
    image = sitk.JoinSeries([sitk.GetImageFromArray(frame.astype(np.int16)) for frame in frames])
    image.SetSpacing((2.0, 2.0, 3.0, 1.5))
    path = tmp_path / "head.nii.gz"
    sitk.WriteImage(image, str(path))
    return path


def opened(session: Session, path: Path) -> ImageLayer:
    layer = ImageLayer("head", read(path))
    session.history.do(AddLayer(layer))
    session.document.active = layer
    return layer


def test_aligned_in_the_window_and_headless(session: Session, file: Path, tmp_path: Path, pellucid: Run) -> None:
    layer = opened(session, file)
    assert len(layer.frames) == len(SHIFTS)
    session.aligning.start({"motion": "rigid", "reference": "first"})
    session.jobs.drain()
    session.recipes.save(tmp_path / "align.json")
    session.jobs.drain()
    assert pellucid("run", str(tmp_path / "align.json"), str(file), str(tmp_path / "aligned.nii.gz")).code == 0
    for mine, theirs in zip(layer.frames, read(tmp_path / "aligned.nii.gz"), strict=True):
        assert mine.array.tobytes() == theirs.array.tobytes()
    found = session.aligning.motion()
    moved = np.stack([found.shifts(n) for n in (2, 1, 0)], axis=1) / (3.0, 2.0, 2.0)
    np.testing.assert_allclose(moved, SHIFTS, atol=0.06)


def test_a_template_and_what_follows_it(session: Session, file: Path, tmp_path: Path, pellucid: Run) -> None:
    opened(session, file)
    session.aligning.start({"motion": "translation", "reference": "mean"})
    session.jobs.drain()
    session.aligning.template({"values": "median"})
    session.jobs.drain()
    made = session.document.active
    session.running.apply("smoothing.gaussian", {"sigma": 3.0})
    session.jobs.drain()
    assert [step.operation for step in made.provenance] == ["frames.align", "frames.template", "smoothing.gaussian"]
    session.recipes.save(tmp_path / "template.json")
    session.jobs.drain()
    assert pellucid("run", str(tmp_path / "template.json"), str(file), str(tmp_path / "out.nii.gz")).code == 0
    (theirs,) = read(tmp_path / "out.nii.gz")
    assert made.volume.array.tobytes() == theirs.array.tobytes()


def test_a_changed_step_is_taken_again_on_all_frames(session: Session, file: Path) -> None:
    layer = opened(session, file)
    session.aligning.start({"motion": "rigid", "reference": "first"})
    session.jobs.drain()
    session.running.apply("intensity.invert", {}, all_frames=True)
    session.jobs.drain()
    inverted = layer.frames
    session.recipes.edit(0, {"motion": "translation"})
    session.jobs.drain()
    assert layer.provenance[0].parameters["motion"] == "translation"
    assert not np.array_equal(layer.frames[1].array, inverted[1].array)
    session.recipes.set_enabled(0, False)
    session.jobs.drain()
    assert len(layer.frames) == 4
    session.undo()
    session.undo()
    assert layer.frames == inverted


def test_the_recipe_runs_on_another_series_in_the_window(session: Session, file: Path) -> None:
    layer = opened(session, file)
    session.aligning.start({"motion": "translation", "reference": "first"})
    session.jobs.drain()
    recipe = session.recipes.of(layer)
    other = opened(session, file)
    session.recipes.run(recipe, layer=other)
    session.jobs.drain()
    for one, two in zip(layer.frames, other.frames, strict=True):
        assert np.array_equal(one.array, two.array)


def test_one_frame_is_refused_in_a_sentence(session: Session, file: Path, tmp_path: Path, pellucid: Run) -> None:
    recipe = tmp_path / "align.json"
    recipe.write_text('{"version": 2, "steps": [{"operation": "frames.align"}]}')
    single = tmp_path / "one.nii.gz"
    sitk.WriteImage(sitk.GetImageFromArray(np.zeros((5, 6, 7), np.int16)), str(single))
    said = pellucid("run", str(recipe), str(single), str(tmp_path / "out.nii.gz"))
    assert said.code != 0 and "this image has one" in said.err
    recipe.write_text('{"version": 2, "steps": [{"operation": "frames.align", "parameters": {"motion": "wild"}}]}')
    said = pellucid("run", str(recipe), str(file), str(tmp_path / "out.nii.gz"))
    assert said.code != 0 and "Movement" in said.err
