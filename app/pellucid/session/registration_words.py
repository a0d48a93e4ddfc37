"""The words for what a registration can be told: transforms, metrics, optimisers, starts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from pellucid.language import mark, tr

if TYPE_CHECKING:
    from pellucid.operations.engines.registration.plans import Stage

TRANSFORMS: dict[str, str] = {
    "translation": mark("Translation"), "rigid": mark("Rigid"), "similarity": mark("Similarity"),
    "affine": mark("Affine"), "bspline": mark("B-spline"), "demons": mark("Demons"),
}  # fmt: skip
METRICS: dict[str, str] = {
    "mean_squares": mark("Mean squares"), "correlation": mark("Correlation"),
    "ants": mark("Neighbourhood correlation (ANTS)"), "mattes": mark("Mutual information (Mattes)"),
    "joint": mark("Mutual information (joint histogram)"),
}  # fmt: skip
OPTIMISERS: dict[str, str] = {
    "regular_step": mark("Regular step gradient descent"), "gradient_descent": mark("Gradient descent"),
    "line_search": mark("Gradient descent with line search"), "conjugate_gradient": mark("Conjugate gradient"),
    "lbfgs2": mark("L-BFGS-2"), "lbfgsb": mark("L-BFGS-B"), "powell": mark("Powell"), "amoeba": mark("Amoeba"),
    "one_plus_one": mark("One plus one evolutionary"), "exhaustive": mark("Exhaustive"),
}  # fmt: skip
SAMPLINGS: dict[str, str] = {
    "all": mark("All voxels"), "regular": mark("Regular grid"), "random": mark("Random"),
}  # fmt: skip
INTERPOLATORS: dict[str, str] = {
    "linear": mark("Linear"), "bspline": mark("B-spline, third order"), "nearest": mark("Nearest neighbour"),
}  # fmt: skip
SCALES: dict[str, str] = {
    "physical": mark("From physical shift"), "jacobian": mark("From Jacobian"), "index": mark("From index shift"),
    "none": mark("None"),
}  # fmt: skip
VARIANTS: dict[str, str] = {
    "classic": mark("Classic"), "fast": mark("Fast symmetric forces"), "symmetric": mark("Symmetric forces"),
    "diffeomorphic": mark("Diffeomorphic"),
}  # fmt: skip
STARTS: dict[str, str] = {
    "identity": mark("As the images lie"), "centres": mark("Geometric centres"), "masses": mark("Centres of mass"),
    "moments": mark("Moments (centre and main axes)"), "search": mark("Search over turns"),
}  # fmt: skip
PLACED = "placed"
"""The start that goes on from where the moving image was put by hand, by landmarks or by a registration before."""


def stages_title(stages: Iterable[Stage]) -> str:
    """Return the transforms of stages in words: ``rigid, B-spline``."""
    names = [tr(TRANSFORMS.get(stage.transform, stage.transform)) for stage in stages]
    return ", ".join(dict.fromkeys(names))
