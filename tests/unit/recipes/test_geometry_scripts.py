"""Scripts of operations that change the grid, where padding, gaps and turned grids take other ways."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk

from operation_images import geometry, noise, on_grid, pixels
from pellucid.operations import Context, get
from pellucid.recipes import Recipe, Step
from pellucid.recipes.python_code import Start, script

PADDING = (-3000.0, -600.0)


def run(id: str, images: tuple[sitk.Image, ...], values: Any, padding: Any, folder: Path, monkeypatch: Any) -> Any:
    names = tuple(f"further {n}" for n in range(1, len(images)))
    recipe = Recipe(steps=(Step(operation=id, parameters=values, inputs=("image", *names)),))
    (folder / "script.py").write_text(script(recipe, Start(padding=padding)), encoding="utf-8")
    files = [folder / f"in{n}.mha" for n in range(len(images))]
    for image, path in zip(images, files, strict=True):
        sitk.WriteImage(image, str(path))
    out = folder / "out.mha"
    argv = [folder / "script.py", files[0], out, *files[1:]]
    monkeypatch.setattr(sys, "argv", [str(one) for one in argv])
    runpy.run_path(str(argv[0]), run_name="__main__")
    return sitk.ReadImage(str(out))


WAYS = [
    ("geometry.resample", {"spacing_x": 2.0, "interpolation": "bspline"}),
    ("geometry.resample_to_image", {"interpolation": "linear", "background": -5.0}),
    ("geometry.resample_to_image", {"interpolation": "bspline"}),
    ("geometry.resample_to_image", {"interpolation": "nearest"}),
    ("geometry.rotate", {"angle": 20.0, "interpolation": "bspline"}),
    ("geometry.crop_foreground", {"margin": 0.0}),
    ("geometry.crop_foreground", {"method": "border", "one_piece": False}),
]


@pytest.mark.parametrize("dtype", ["int16", "float32"])
@pytest.mark.parametrize("padding", [None, PADDING])
@pytest.mark.parametrize(("id", "values"), WAYS)
def test_the_same_bits(
    id: str, values: Any, padding: Any, dtype: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    array = noise((9, 21, 26), dtype)
    if dtype == "float32":
        array[3, 4, 5] = np.nan
    images = [on_grid(array), on_grid(noise((7, 8, 9)), "oblique")]
    images = images[: len(get(id).ports)]
    expected = get(id).run(Context(padding=padding), *images, **values)
    made = run(id, tuple(images), values, padding, tmp_path, monkeypatch)
    assert pixels(made).dtype == dtype and pixels(made).tobytes() == pixels(expected).tobytes()
    np.testing.assert_allclose(np.hstack(geometry(made)[1:]), np.hstack(geometry(expected)[1:]), atol=1e-9)


@pytest.mark.parametrize("values", [{"overlap": 30.0}, {"subvoxel": True, "blend": "maximum"}], ids=str)
def test_any_number_of_tiles(values: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = noise((60, 90), "int16")
    tiles = tuple(on_grid(whole[y : y + 30, x : x + 30]) for y, x in ((0, 0), (1, 22), (21, 0), (22, 23)))
    expected = get("geometry.stitch").run(Context(), *tiles, **values)
    made = run("geometry.stitch", tiles, values, None, tmp_path, monkeypatch)
    assert pixels(made).tobytes() == pixels(expected).tobytes() and made.GetOrigin() == expected.GetOrigin()
