"""Three steps, the first one changed, a branch, the recipe on another image, and a script that gives the same bits."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import SimpleITK as sitk
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from hands import User
from pace import allowed
from pellucid.recipes import Recipe, run
from pellucid.ui.forms.controls import NumberBox

CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def user(qtbot):
    user = User(qtbot)
    yield user
    user.leave()


@pytest.fixture
def files(tmp_path):
    """Two volumes of noise around a bright ball, 1 × 1.5 × 2 mm."""
    z, y, x = np.ogrid[:18, :40, :44]
    ball = 400 * (((z - 9) * 2) ** 2 + ((y - 20) * 1.5) ** 2 + (x - 22) ** 2 < 14**2)
    for n, name in enumerate(("first", "second")):
        noise = np.random.default_rng(n).normal(0, 80, ball.shape)
        image = sitk.GetImageFromArray((ball + noise).astype(np.int16))
        image.SetSpacing((1.0, 1.5, 2.0))
        sitk.WriteImage(image, tmp_path / f"{name}.nii.gz")
    return tmp_path


def opened(user, path, count=1):
    user.session.open([path])
    user.wait(lambda: len(user.session.document.images) == count and user.session.loading.job is None)
    user.rest()
    return user.session.document.active_image


def choose(panel, n):
    cell = panel.list.visualItemRect(panel.list.item(n))
    QTest.mouseClick(panel.list.viewport(), Qt.MouseButton.LeftButton, pos=cell.center())


def type_sigma(user, panel, text):
    (name,) = {w.accessibleName() for w in panel.findChildren(NumberBox) if w.accessibleName().startswith("Sigma")}
    user.type(name, text, panel)


def test_a_recipe_is_changed_branched_carried_over_and_run_as_a_script(user, files, monkeypatch):
    layer = opened(user, files / "first.nii.gz")
    begun = layer.volume
    user.run("Filters", "gaussian", Sigma="1")
    user.run("Filters", "mean")
    user.run("Filters", "median")
    assert [step.operation for step in layer.provenance] == ["smoothing.gaussian", "smoothing.mean", "smoothing.median"]
    before = layer.volume

    # change the first step: the final result is seen at once, and made so with Update
    panel = user.window.show_dock("Recipe")
    user.rest()
    assert panel.list.count() == 3
    choose(panel, 0)
    type_sigma(user, panel, "3")
    user.wait(lambda: layer.preview is not None)
    assert layer.volume is before
    user.click("Update", panel)
    user.wait(lambda: layer.volume is not before)
    user.rest()
    recipe = user.session.recipes.of(layer)
    assert recipe.steps[0].parameters == {"sigma": 3.0}
    plain = Recipe(steps=tuple(step.model_copy(update={"inputs": ()}) for step in recipe.steps))
    assert np.array_equal(layer.volume.array, run(plain, begun).array)
    QTest.keyClick(user.window, Qt.Key.Key_Z, CTRL)
    user.wait(lambda: layer.volume is before)
    user.session.redo()
    user.rest()

    # what if: another sigma in a layer of its own
    choose(panel, 0)
    type_sigma(user, panel, "5")
    user.click("Branch", panel)
    user.wait(lambda: len(user.session.document.images) == 2)
    user.rest()
    branch = user.session.document.active
    assert branch.provenance[0].parameters == {"sigma": 5.0} and layer.provenance[0].parameters == {"sigma": 3.0}

    # save it, and take it on another image
    user.session.document.active = layer
    user.rest()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_a: (str(files / "smooth.json"), ""))
    panel.menus.save()
    user.wait((files / "smooth.json").is_file)
    user.rest()
    user.session.close_all()
    second = opened(user, files / "second.nii.gz")
    untouched = second.volume
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_a: (str(files / "smooth.json"), ""))
    user.rest()
    user.click("Load a recipe…", panel)
    user.wait(lambda: second.volume is not untouched)
    user.rest()
    assert panel.list.count() == 3
    expected = run(plain, untouched).array
    assert np.array_equal(second.volume.array, expected)

    # the same as a script, by a Python that does not know Pellucid
    user.click("Show as Python")
    pane = user.window.show_dock("Python")
    user.wait(lambda: pane.code.toPlainText() != "")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_a: (str(files / "smooth.py"), ""))
    user.click("Save as script…")
    user.wait((files / "smooth.py").is_file)
    user.rest()
    argv = [sys.executable, "-I", str(files / "smooth.py"), str(files / "second.nii.gz"), str(files / "out.mha")]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, cwd=files)
    assert done.returncode == 0, done.stderr
    assert np.array_equal(sitk.GetArrayFromImage(sitk.ReadImage(str(files / "out.mha"))), expected)
    assert user.longest_gap < allowed(1.0), "the window answered all the time"
