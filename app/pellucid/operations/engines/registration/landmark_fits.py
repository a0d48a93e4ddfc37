"""Fit a transform to pairs of landmarks by least squares, from translation to thin-plate spline."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
import SimpleITK as sitk

from pellucid.language import tr
from pellucid.operations.context import Refused
from pellucid.operations.engines.registration.splitting import Domain, apply
from pellucid.operations.pixels import Array

Kind = Literal["translation", "rigid", "similarity", "affine", "thin_plate"]
_FLAT = 1e-3
"""Points are in one plane (or line) if they leave it by less than this share of their extent."""
_SAME = 1e-9
_MIRROR_FITS = 0.5
"""Points are taken as mirrored when a mirror image leaves less than this share of the distances."""
_MOST_SAMPLES = 250_000
_MARGIN = 0.5


def fit(
    kind: Kind, fixed_points: Array, moving_points: Array, planar: bool, *, domain: Domain | None = None,
    normals: tuple[Array, Array] | None = None, check: Callable[[], None] = lambda: None,
) -> sitk.Transform:  # fmt: skip
    """Return the transform that takes points (n, 3) of the fixed image as near as possible to those of the moving one.

    ``planar`` uses x and y only and returns a transform of two dimensions. ``normals`` are those of fixed and moving
    image where both are single slices that lie anywhere in space: one is taken to the other. A thin-plate spline is
    sampled in ``domain`` (the points with a margin if there is none) and goes on as the affine fit beyond it;
    ``check`` is called between parts of that.

    Sources: Umeyama, Least-squares estimation of transformation parameters between two point patterns, IEEE TPAMI
    13(4), 1991; Bookstein, Principal warps: thin-plate splines and the decomposition of deformations, IEEE TPAMI
    11(6), 1989.
    """
    n = 2 if planar else 3
    fixed = np.array(fixed_points, dtype=np.float64)[:, :n]
    moving = np.array(moving_points, dtype=np.float64)[:, :n]
    _refuse_unless_enough(kind, fixed, moving, 2 if planar or normals is not None else 3)
    if kind == "translation":
        return sitk.TranslationTransform(n, (moving.mean(axis=0) - fixed.mean(axis=0)).tolist())
    if kind in ("rigid", "similarity"):
        return _rotation(fixed, moving, kind == "similarity", normals)
    affine = _affine(fixed, moving, normals)
    if kind == "affine":
        return affine
    return _thin_plate(affine, _spline(fixed, moving, affine, normals), domain or _around(fixed), check)


def distances(
    kind: Kind, used: tuple[Array, Array], asked: tuple[Array, Array], planar: bool, *,
    normals: tuple[Array, Array] | None = None,
) -> Array:  # fmt: skip
    """Return how far points are from their partners after the fit to the pairs that are used.

    Both are points (n, 3) of the fixed and of the moving image. A thin-plate spline is asked at the points themselves:
    nothing is sampled, so that it is known at once.
    """
    if kind != "thin_plate":
        return residuals(fit(kind, *used, planar, normals=normals), *asked)
    n = 2 if planar else 3
    affine = fit("affine", *used, planar, normals=normals)
    fixed, moving = (np.array(points, dtype=np.float64)[:, :n] for points in used)
    places = np.asarray(asked[0], dtype=np.float64)[:, :n]
    bent = places + _spline(fixed, moving, affine, normals)(places) if len(places) else places
    return residuals(affine, _three(bent), asked[1])


def residuals(transform: sitk.Transform, fixed_points: Array, moving_points: Array) -> Array:
    """Return how far (mm) each point (n, 3) of the fixed image is taken from its partner; z counts in 3-D only."""
    n = transform.GetDimension()
    away = apply(transform, np.asarray(fixed_points)) - np.asarray(moving_points)
    return np.asarray(np.linalg.norm(away[:, :n], axis=1))


def needed(kind: Kind, dimensions: int) -> int:
    """Return how many pairs a fit needs at least in two or three dimensions."""
    return {"translation": 1, "rigid": dimensions, "similarity": dimensions}.get(kind, dimensions + 1)


def _refuse_unless_enough(kind: Kind, fixed: Array, moving: Array, dimensions: int) -> None:
    least = needed(kind, dimensions)
    if len(fixed) != len(moving):
        raise Refused(tr("Landmarks come in pairs: one on the fixed and one on the moving image each."))
    if len(fixed) < least:
        raise Refused(tr("This fit needs at least {count} pairs of landmarks; there are {found}.",
                         count=least, found=len(fixed)))  # fmt: skip
    if not (np.isfinite(fixed).all() and np.isfinite(moving).all()):
        raise Refused(tr("A landmark has no place: its coordinates are not numbers."))
    if least == 1:
        return
    rank = min(_rank(fixed), _rank(moving))
    if rank == 0:
        raise Refused(tr("All landmarks are at the same place: set them far apart."))
    if rank < least - 1:
        raise Refused(_too_flat(rank))


def _too_flat(rank: int) -> str:
    if rank == 1:
        return tr("The landmarks lie on one line: set one beside it.")
    return tr("The landmarks lie in one plane: set one outside of it, or choose a rigid or similarity transform.")


def _rank(points: Array) -> int:
    sizes = np.linalg.svd(points - points.mean(axis=0), compute_uv=False)
    return 0 if sizes[0] < _SAME else int((sizes > _FLAT * sizes[0]).sum())


def _refuse_same_places(fixed: Array, moving: Array) -> None:
    from scipy.spatial import cKDTree

    for points, image in ((fixed, tr("fixed")), (moving, tr("moving"))):
        close = float(np.ptp(points, axis=0).max()) * 1e-6
        pairs = sorted(cKDTree(points).query_pairs(close))
        if pairs:
            first, second = pairs[0]
            raise Refused(
                tr("Landmarks {first} and {second} are at the same place of the {image} image: a thin-plate spline "
                   "cannot pass through both. Switch one of them off.",
                   first=first + 1, second=second + 1, image=image)
            )  # fmt: skip


def _mirrored() -> Refused:
    return Refused(
        tr("The landmarks say that the moving image is mirrored. Check their order, or flip the image first.")
    )


def _rotation(
    fixed: Array, moving: Array, scaled: bool, normals: tuple[Array, Array] | None
) -> sitk.Transform:  # fmt: skip
    """Return the rigid or similarity transform of least squares."""
    centre, goal = fixed.mean(axis=0), moving.mean(axis=0)
    a, b = fixed - centre, moving - goal
    covariance = b.T @ a
    if normals is not None:
        covariance += 1e3 * np.linalg.norm(covariance) * np.outer(normals[1], normals[0])
    u, _, v = np.linalg.svd(covariance)
    signs = np.ones(len(centre))
    signs[-1] = np.sign(np.linalg.det(u @ v)) or 1.0
    rotation = u @ np.diag(signs) @ v
    scale, left = _scaled(a, b, rotation, scaled)
    if signs[-1] < 0 and _scaled(a, b, u @ v, scaled)[1] < _MIRROR_FITS * left:
        raise _mirrored()
    return _as_transform(rotation, scale, centre, goal, scaled)


def _scaled(a: Array, b: Array, rotation: Array, scaled: bool) -> tuple[float, float]:
    """Return the scale with which turned points fit best, and the distance that is left."""
    turned = a @ rotation.T
    scale = float(np.sum(b * turned) / np.sum(a * a)) if scaled else 1.0
    return scale, float(np.linalg.norm(b - scale * turned))


def _as_transform(rotation: Array, scale: float, centre: Array, goal: Array, scaled: bool) -> sitk.Transform:
    n = len(centre)
    made = {
        (2, False): sitk.Euler2DTransform, (2, True): sitk.Similarity2DTransform,
        (3, False): sitk.Euler3DTransform, (3, True): sitk.Similarity3DTransform,
    }[n, scaled]()  # fmt: skip
    made.SetCenter(centre.tolist())
    made.SetMatrix((scale * rotation).ravel().tolist())
    made.SetTranslation((goal - centre).tolist())
    return made


def _affine(fixed: Array, moving: Array, normals: tuple[Array, Array] | None) -> sitk.Transform:
    centre, goal = fixed.mean(axis=0), moving.mean(axis=0)
    a, b = fixed - centre, moving - goal
    if normals is not None:
        length = float(np.sqrt(np.mean(a * a)))
        a = np.vstack([a, length * normals[0], -length * normals[0]])
        b = np.vstack([b, length * normals[1], -length * normals[1]])
    solved, *_ = np.linalg.lstsq(a, b, rcond=None)
    if np.linalg.det(solved) < 0:
        raise _mirrored()
    made = sitk.AffineTransform(len(centre))
    made.SetCenter(centre.tolist())
    made.SetMatrix(solved.T.ravel().tolist())
    made.SetTranslation((goal - centre).tolist())
    return made


def _around(fixed: Array) -> Domain:
    low, high = (np.zeros(3) for _ in range(2))
    n = fixed.shape[1]
    low[:n], high[:n] = fixed.min(axis=0), fixed.max(axis=0)
    margin = _MARGIN * (high - low)
    lengths = high - low + 2 * margin
    return Domain(low - margin, np.eye(3), lengths, np.full(3, max(float(lengths.max()) / 500, 1e-6)))


def _spline(
    fixed: Array, moving: Array, affine: sitk.Transform, normals: tuple[Array, Array] | None
) -> Callable[[Array], Array]:  # fmt: skip
    """Return what gives the displacements of places (n, d) before the affine fit: by both points meet."""
    from scipy.interpolate import RBFInterpolator

    _refuse_same_places(fixed, moving)
    n = fixed.shape[1]
    flat = np.eye(n) if normals is None else np.linalg.svd(normals[0][None, :])[2][1:].T
    kernel = "thin_plate_spline" if flat.shape[1] == 2 else "linear"  # r² log r in the plane, r in space
    away = apply(affine.GetInverse(), _three(moving))[:, :n] - fixed
    spline = RBFInterpolator(fixed @ flat, away, kernel=kernel, degree=1)
    return lambda places: np.asarray(spline(places @ flat))


def _thin_plate(
    affine: sitk.Transform, spline: Callable[[Array], Array], domain: Domain, check: Callable[[], None]
) -> sitk.Transform:  # fmt: skip
    """Return the affine fit after displacements on a grid: together they are the spline in the domain."""
    n = affine.GetDimension()
    size, spacing = _samples(domain, n)
    field = np.empty((*size[::-1], n))
    axes = domain.axes[:n, :n]
    steps = [np.arange(count) for count in size[:-1]]
    for last in range(size[-1]):
        check()
        index = np.stack(np.meshgrid(*steps, [last], indexing="ij"), -1).reshape(-1, n)
        places = domain.origin[:n] + (index * spacing) @ axes.T
        field[last] = spline(places).reshape(*size[:-1], n).swapaxes(0, n - 2)
    image = sitk.GetImageFromArray(field, isVector=True)
    image.SetOrigin(domain.origin[:n].tolist())
    image.SetSpacing(spacing.tolist())
    image.SetDirection(axes.ravel().tolist())
    whole = sitk.CompositeTransform(n)
    whole.AddTransform(affine)
    whole.AddTransform(sitk.DisplacementFieldTransform(image))  # what was added last is done first
    return whole


def _three(points: Array) -> Array:
    """Return points with a z of 0 where they have none."""
    return np.column_stack([points, np.zeros((len(points), 3 - points.shape[1]))])


def _samples(domain: Domain, n: int) -> tuple[list[int], Array]:
    """Return how many samples a grid in the domain has along each axis, and how far apart they are."""
    counts = domain.lengths[:n] / domain.spacing[:n] + 1
    coarser = max(1.0, float(np.prod(counts) / _MOST_SAMPLES) ** (1 / n))
    spacing = domain.spacing[:n] * coarser
    size = [max(2, int(np.ceil(along / step)) + 1) for along, step in zip(domain.lengths[:n], spacing, strict=True)]
    return size, spacing


def left_out(
    kind: Kind, fixed_points: Array, moving_points: Array, planar: bool, *,
    normals: tuple[Array, Array] | None = None, check: Callable[[], None] = lambda: None,
) -> Array:  # fmt: skip
    """Return how far (mm) each moving point is from where a fit to all other pairs takes its partner; NaN: no fit.

    Of a thin-plate spline it is the weight of the point over its place in the inverse of the system, which is the
    same (Rippa, An algorithm for selecting a good value for the parameter c, Adv. Comput. Math. 11, 1999).
    """
    fixed, moving = np.asarray(fixed_points, dtype=np.float64), np.asarray(moving_points, dtype=np.float64)
    if kind == "thin_plate":
        return _left_out_of_spline(fixed, moving, planar, normals)
    found = np.full(len(fixed), np.nan)
    for n in range(len(fixed)):
        check()
        others = np.arange(len(fixed)) != n
        try:
            made = fit(kind, fixed[others], moving[others], planar, normals=normals)
        except Refused:
            continue
        found[n] = residuals(made, fixed[n : n + 1], moving[n : n + 1])[0]
    return found


def _left_out_of_spline(
    fixed: Array, moving: Array, planar: bool, normals: tuple[Array, Array] | None
) -> Array:  # fmt: skip
    from scipy.spatial.distance import cdist

    flat = fixed[:, :2] if planar else fixed if normals is None else fixed @ np.linalg.svd(normals[0][None, :])[2][1:].T
    points, n = flat - flat.mean(axis=0), len(fixed)
    away = cdist(points, points)
    kernel = away if flat.shape[1] == 3 else away**2 * np.log(np.where(away > 0, away, 1.0))
    around = np.column_stack([np.ones(n), points])
    system = np.block([[kernel, around], [around.T, np.zeros((around.shape[1],) * 2)]])
    if n < around.shape[1] + 1 or np.linalg.matrix_rank(around) < around.shape[1]:
        return np.full(n, np.nan)
    inverse = np.linalg.inv(system)
    weights = inverse[:n, :n] @ (moving[:, :2] if planar else moving)
    return np.asarray(np.linalg.norm(weights / np.diag(inverse)[:n, None], axis=1))
