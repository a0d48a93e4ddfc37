"""The decorator, the reading of signatures, and the context."""

from __future__ import annotations

import ast
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import pytest
import SimpleITK as sitk

from operation_images import noise, on_grid, pixels
from patience import PATIENCE
from pellucid import operations
from pellucid.operations import Cancelled, Context, Field, Refused
from pellucid.operations import operation as module
from pellucid.operations.fields import parse_docstring
from pellucid.operations.operation import Image, operation
from pellucid.operations.pixels import blank, view
from pellucid.operations.units import Box, Millimetres, Range, Slider, Title, Voxels


@pytest.fixture
def declared() -> Iterator[dict[str, Any]]:
    """Let a test declare operations and forget them afterwards."""
    before = dict(module._declared)
    yield module._declared
    module._declared.clear()
    module._declared.update(before)


def test_a_signature_becomes_fields(declared: dict[str, Any]) -> None:
    @operation("test.all", title="All", menu="Filters/Test", pointwise=True)
    def everything(
        image: Image,
        context: Context,
        *,
        length: Annotated[Millimetres, Range(0, 50), Slider(1, 10, 0.5), Title("The length")] = 2.0,
        count: Voxels = 3,
        loud: bool = False,
        how: Literal["this", "that"] = "this",
        where: Box = (0, 0, 0, 1, 1, 1),
        note: str = "",
    ) -> Image:
        """Do it all.

        And say
        more.

        Settings:
            length: How long
                it is.
            count: How many.
            loud: How loud.
            how: Which way.
            where: At which place.
            note: What else.

        Source:
            A book.
        """
        return image

    made = declared["test.all"]
    assert (made.inputs, made.output, made.family, made.summary) == (
        ("image",),
        "image",
        "Test",
        "Do it all.",
    )
    assert made.help == "Do it all.\nAnd say more." and made.source == "A book."
    assert made.fields[0] == Field(
        "length", "The length", "float", 2.0, "How long it is.", "mm", 0, 50, 1, 10, 0.5
    )  # fmt: skip
    assert [field.kind for field in made.fields] == ["float", "int", "bool", "choice", "box", "text"]
    assert made.fields[3].choices == ("this", "that")
    assert made.reach(made.validate(), (1, 1, 1)) == (0, 0, 0)
    with pytest.raises(Refused, match="The length of All must be a number from 0 to 50 mm; 99 is not"):
        made.validate(length=99)
    assert made.validate(length="4", count="2", loud="true").length == 4.0
    with pytest.raises(ValueError, match="twice"):
        operation("test.all", title="All", menu="Filters/Test")(everything)


def test_a_parameter_without_help_or_default_is_a_mistake(declared: dict[str, Any]) -> None:
    def silent(image: Image, context: Context, *, length: Millimetres = 1.0) -> Image:
        """Say nothing about the length."""
        return image

    with pytest.raises(TypeError, match="length needs a default and a line"):
        operation("test.silent", title="Silent", menu="Filters/Test")(silent)


def test_running_out_of_memory_is_a_sentence(declared: dict[str, Any]) -> None:
    @operation("test.greedy", title="Greedy", menu="Filters/Test", pointwise=True)
    def greedy(image: Image, context: Context) -> Image:
        """Want too much."""
        raise MemoryError

    with pytest.raises(Refused, match="Greedy needs more memory"):
        declared["test.greedy"].run(Context(), on_grid(noise((3, 4))))


def test_a_docstring_without_sections() -> None:
    def bare() -> None:
        """Do."""

    assert parse_docstring(bare).summary == "Do." and not parse_docstring(bare).arguments


def test_each_stops_the_others_after_an_error() -> None:
    done: list[int] = []

    def work(item: int) -> None:
        if item == 0:
            raise Refused("no.")
        time.sleep(0.01)
        done.append(item)

    with pytest.raises(Refused):
        Context(threads=2).each(work, range(200))
    assert len(done) < 100


def test_each_hears_cancel_from_another_thread() -> None:
    stop, begun = threading.Event(), threading.Event()
    done: list[int] = []

    def work(item: int) -> None:
        begun.set()
        assert stop.wait(PATIENCE)
        done.append(item)

    def other() -> None:
        assert begun.wait(PATIENCE)
        stop.set()

    threading.Thread(target=other).start()
    with pytest.raises(Cancelled):
        Context(cancelled=stop.is_set, threads=2).each(work, range(10_000))
    assert len(done) <= 4, "what had begun, and no more"


def test_execute_aborts_a_filter_and_explains_a_failure() -> None:
    filter = sitk.MedianImageFilter()
    filter.SetRadius(3)
    said: list[float] = []
    with pytest.raises(Cancelled):
        image = on_grid(noise((30, 200, 200)))
        Context(progress=said.append, cancelled=lambda: len(said) > 2).execute(filter, image)
    assert max(said) < 0.9, "it ended long before it was done"
    with pytest.raises(Refused, match="cannot work on this image") as refusal:
        Context().execute(sitk.RecursiveGaussianImageFilter(), sitk.Image(2, 2, sitk.sitkInt16))
    assert "\n" not in str(refusal.value) and "/" not in str(refusal.value)


def test_blank_images_are_filled_through_their_array_and_views_outlive_images() -> None:
    for like in (on_grid(noise((3, 4, 5))), on_grid(noise((4, 5, 3), "uint8"), colour=True)):
        image, out = blank(like, np.float32)
        assert not out.any()
        out[...] = np.arange(out.size).reshape(out.shape)
        assert np.array_equal(pixels(image).ravel(), np.arange(out.size))
        array = view(image)
        del image, out
        assert array.ravel()[-1] == array.size - 1 and not array.flags.writeable


def test_every_complaint_can_be_translated() -> None:
    for path in Path(operations.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.keyword) and node.arg == "complaint"):
                continue
            calls = [n for n in ast.walk(node.value) if isinstance(n, ast.Call) and ast.unparse(n.func) == "tr"]
            wrapped = {id(part) for call in calls for part in ast.walk(call)}
            plain = [n.value for n in ast.walk(node.value) if isinstance(n, ast.Constant) and id(n) not in wrapped]
            sentences = [one for one in plain if isinstance(one, str) and one.endswith(".")]
            assert not sentences, f"{path.name}: wrap in tr: {sentences}"
