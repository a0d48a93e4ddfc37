"""Every operation gives the same bytes in the window, with `pellucid apply` and with `pellucid run`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from command_line import answer
from operation_cases import CASES
from operation_images import sample
from pellucid.files.answers import is_answer, write_answers
from pellucid.files.export import export_image
from pellucid.files.images import read
from pellucid.history.layers import AddLayer
from pellucid.model.labels import Label, LabelMap
from pellucid.model.layer import ImageLayer, LabelLayer
from pellucid.model.volume import Volume, geometry_of, image_from_array
from pellucid.operations import Context, get, registry
from pellucid.operations.declaration import VOXELS
from pellucid.recipes.replay import wrapped
from pellucid.session import Session

SHAPE = (6, 14, 15)


@pytest.fixture(scope="module")
def session() -> Session:
    session = Session()
    yield session
    session.close()


def in_the_window(session: Session, id: str, volumes: tuple[Volume, ...], values: dict[str, Any]) -> Any:
    """Return what the window makes of images; None for points, which become annotations there."""
    operation = get(id)
    if operation.output == "points":
        return None
    session.close_all()
    for n, (kind, volume) in enumerate(zip(operation.kinds(len(volumes)), volumes, strict=True)):
        if kind == "image":
            layer: Any = ImageLayer(f"Image {n}", (volume,))
        else:
            values_there = volume.array if kind == "labels" else volume.array != 0
            labels = LabelMap(volume.geometry, values_there.astype(np.uint8), (Label(1, "One", "#E69F00"),))
            layer = LabelLayer(f"Labels {n}", labels)
        session.history.do(AddLayer(layer))
    first, *others = session.document.layers
    session.document.active = first
    said: list[str] = []
    tables: list[Any] = []
    session.notice.connect(lambda text, severity: said.append(text) if severity == "error" else None)
    session.running.answered.connect(tables.append)
    rows: list[Any] = []
    session.running.tabled.connect(lambda answer, _step: rows.append(answer))
    kinds = operation.kinds(len(volumes))[1:]
    choices = [(layer.id, int(kind == "mask")) for layer, kind in zip(others, kinds, strict=True)]
    session.running.apply(id, values, others=choices, as_new_layer=True)
    assert session.jobs.drain(120) and not said, said
    session.running.answered.disconnect(tables.append)
    if operation.output == "table":
        return tables[-1]
    if operation.output == "rows":
        return rows[-1]
    made = session.document.active
    assert made is not None and made is not first
    assert not made.provenance or id in [step.operation for step in made.provenance]
    if operation.output == "labels":
        return Volume(image_from_array(made.labels.array.astype(np.uint16), made.labels.geometry), made.labels.geometry)
    if isinstance(made, LabelLayer):
        mask = (made.labels.array == made.active_label).astype(np.uint8)
        return Volume(image_from_array(mask, made.labels.geometry), made.labels.geometry)
    return made.volume


@pytest.mark.parametrize("id", tuple(registry()))
def test_the_bytes_are_the_same(
    id: str, session: Session, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    operation, case = get(id), CASES[id]
    images = sample(operation, SHAPE, "int16", "oblique", colour=3 if case.colour == "needed" else 0)
    files = [tmp_path / f"in{n}.nrrd" for n in range(len(images))]
    for image, file in zip(images, files, strict=True):
        export_image(Volume(image, geometry_of(image)), file)  # SimpleITK calls the channels of int16 a vector
    names = [f"further {n}" for n in range(1, len(files))]
    ending = "nrrd" if operation.output in VOXELS else "csv"
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
    if made is None:  # then as the operation itself gives them
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
