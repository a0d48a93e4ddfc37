"""States of the window in which operations are chosen, set and answered; ``pictures.py`` draws them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pellucid.ui import theme

if TYPE_CHECKING:
    from pictures import Stage

OPERATION_STATES: dict[str, Callable[[Stage], None]] = {}


def state(function: Callable[[Stage], None]) -> Callable[[Stage], None]:
    """Register a state under the name of its function."""
    OPERATION_STATES[function.__name__] = function
    return function


def _choose(stage: Stage, operation_id: str, **values: object) -> None:
    """Open the chest CT and try an operation on it."""
    stage.open()
    stage.session.document.active_image.display.set_limits(-1100, 400)
    stage.raise_dock("Filters")
    filters = stage.window.filters
    filters.choose(operation_id)
    stage.settle()
    if values:
        filters.form.set_values(values)
        filters.form.edited.emit(filters.form.values())
    stage.settle()


@state
def catalogue(stage: Stage) -> None:
    """Show the list of all filters."""
    stage.open()
    stage.raise_dock("Filters")


@state
def catalogue_light(stage: Stage) -> None:
    """Show the same in the light theme."""
    theme.apply(stage.app, "light")
    catalogue(stage)


@state
def two_inputs(stage: Stage) -> None:
    """Show an operation that takes a further image, on another grid."""
    stage.open()
    stage.session.running.apply("geometry.resample", {"spacing_z": 4.0}, as_new_layer=True)
    stage.settle()
    stage.session.document.active = stage.session.document.layers[0]
    stage.raise_dock("Filters")
    stage.window.filters.choose("arithmetic.subtract")
    stage.settle()


@state
def formula(stage: Stage) -> None:
    """Show a formula being tried."""
    _choose(stage, "arithmetic.expression", formula="a * 2 + 100")


@state
def measured(stage: Stage) -> None:
    """Show the noise estimate, which answers with numbers."""
    _choose(stage, "noise.estimate")


@state
def remarked(stage: Stage) -> None:
    """Show a cast that says what is lost."""
    _choose(stage, "intensity.cast", pixel_type="uint8")


@state
def filter_small(stage: Stage) -> None:
    """Show a form with many settings in a small window."""
    stage.window.resize(1280, 720)
    _choose(stage, "intensity.window")


@state
def kernel(stage: Stage) -> None:
    """Show the editor of kernels."""
    _choose(stage, "kernels.apply")


@state
def blobs(stage: Stage) -> None:
    """Show blobs that were found, before they become annotations."""
    _choose(stage, "features.blobs")
