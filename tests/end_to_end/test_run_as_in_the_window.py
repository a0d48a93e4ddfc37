"""Every operation gives the same bytes in the window, with `pellucid apply` and with `pellucid run`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk

from command_line import answer
from operation_cases import CASES
from operation_images import sample
from pellucid.files.answers import is_answer, write_answers
from pellucid.files.export import export_image
from pellucid.files.images import read
from pellucid.history.layers import AddLayer
from pellucid.model.labels import Label, LabelMap
from pellucid.model.layer import ImageLayer, LabelLayer
from pellucid.model.volume import Volume, image_from_array
from pellucid.operations import Context, get, registry
from pellucid.recipes.replay import wrapped
from pellucid.session import Session

SHAPE = (6, 14, 15)


@pytest.fixture(scope="module")
def session() -> Session:
    session = Session()
    yield session
    session.close()


def in_the_window(session: Session, id: str, volumes: tuple[Volume, ...], values: dict[str, Any]) -> Volume | None:
    """Return what the window makes of images; None where an operation has no place for its answer there."""
    operation = get(id)
    if operation.output not in ("image", "mask") or operation.inputs not in (("image",), ("mask",), ("mask", "mask")):
        return None
    session.close_all()
    for n, volume in enumerate(volumes):
        if operation.inputs[0] == "image":
            layer: Any = ImageLayer(f"Image {n}", (volume,))
        else:
            labels = LabelMap(volume.geometry, (volume.array != 0).astype(np.uint8), (Label(1, "One", "#E69F00"),))
            layer = LabelLayer(f"Labels {n}", labels)
        session.history.do(AddLayer(layer))
    session.document.active = session.document.layers[0]
    other = (session.document.layers[1].id, 1) if len(volumes) > 1 else None
    said: list[str] = []
    session.notice.connect(lambda text, severity: said.append(text) if severity == "error" else None)
    session.running.apply(id, values, other=other)
    assert session.jobs.drain(60) and not said, said
    if operation.output == "mask":
        labels = session.document.active_labels or session.document.label_layers[-1]
        assert isinstance(labels, LabelLayer)
        mask = (labels.labels.array == labels.active_label).astype(np.uint8)
        return Volume(image_from_array(mask, labels.geometry), labels.geometry)
    image = session.document.active_image
    assert image is not None and image.provenance[-1].operation == id
    return image.volume


@pytest.mark.parametrize("id", tuple(registry()))
def test_the_bytes_are_the_same(
    id: str, session: Session, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    operation, case = get(id), CASES[id]
    images = sample(operation, SHAPE, "int16", "oblique", colour=3 if case.colour == "needed" else 0)
    files = [tmp_path / f"in{n}.nrrd" for n in range(len(images))]
    for image, file in zip(images, files, strict=True):
        sitk.WriteImage(image, str(file))
    names = [f"further {n}" for n in range(1, len(files))]
    ending = "nrrd" if operation.output in ("image", "mask") else "csv"
    values = json.loads(json.dumps(dict(operation.validate(**case.values).model_dump(mode="json"))))
    step = {"operation": id, "parameters": values, "inputs": ["image", *names]}
    (tmp_path / "recipe.json").write_text(json.dumps({"version": 2, "steps": [step]}))
    run, stepwise, window = (tmp_path / f"{name}.{ending}" for name in ("run", "apply", "window"))

    handed = [part for pair in zip(names, files[1:], strict=True) for part in ("--with", f"{pair[0]}={pair[1]}")]
    said = answer(capsys, ["run", tmp_path / "recipe.json", files[0], run, *handed])
    assert said.code == 0, said.err
    options = [f"--{name}={_word(value)}" for name, value in values.items()]
    handed = [part for file in files[1:] for part in ("--with", file)]
    said = answer(capsys, ["apply", id, files[0], stepwise, *handed, *options])
    assert said.code == 0, said.err

    volumes = tuple(read(file)[0] for file in files)
    made = in_the_window(session, id, volumes, dict(values))
    if made is None:  # no place in the window for it: then as the operation itself gives it
        made = wrapped(operation, volumes[0], operation.run(Context(), *(v.image for v in volumes), **values))
    if is_answer(made):
        write_answers([made], window)
    else:
        export_image(made, window)
    assert run.read_bytes() == stepwise.read_bytes() == window.read_bytes()


def _word(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)
