"""The numbers that judge a registration in words: a row for each, before and after, for reading and as CSV."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass

from pellucid.language import tr
from pellucid.model.compositing import same_quantity
from pellucid.model.measuring import written
from pellucid.session.judgement import Judgement, State

NOTHING = "–"
_LEAST = 0.01
"""Lengths below are told only to be."""


@dataclass(frozen=True)
class Row:
    """One number: ``key`` is its name in a CSV file; None where nothing is known, and ``why`` then says why.

    ``better`` is +1 where a higher number is better, −1 where a lower is, 0 where neither holds.
    """

    key: str
    title: str
    help: str
    before: float | None
    after: float | None
    unit: str = ""
    better: int = 0
    decimals: int | None = None
    why: str = ""

    def text(self, value: float | None) -> str:
        """Return a number for reading."""
        if value is None:
            return NOTHING
        if self.decimals is None:
            if self.unit == "%":
                return f"{100 * value:.1f} %"
            short = "<0.01" if 0 < value < _LEAST and self.unit in ("mm", "px") else written(value)
            return f"{short} {self.unit}".strip()
        return f"{value:,.{self.decimals}f} {self.unit}".strip().replace("-", "\N{MINUS SIGN}")

    @property
    def verdict(self) -> int:
        """Return +1 where the number became better, −1 where it became worse, else 0."""
        if self.before is None or self.after is None or self.better == 0:
            return 0
        gain = self.better * (self.after - self.before)
        least = 1e-4 * max(abs(self.before), abs(self.after), 1e-12)
        return 0 if abs(gain) <= least else 1 if gain > 0 else -1


def rows(found: Judgement) -> tuple[Row, ...]:
    """Return all rows of a judgement; before is left out where nothing was moved since."""
    return (*_likeness(found), *_labels(found), *_marks(found), *_bend(found), *_way_back(found))


def as_csv(found: tuple[Row, ...], delimiter: str = ",") -> str:
    """Return rows with full precision; what is not known is empty."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    writer.writerow(("measure", "unit", "before", "after"))
    for row in found:
        unit = "1" if row.unit == "%" else row.unit
        writer.writerow((row.key, unit, *("" if n is None else repr(float(n)) for n in (row.before, row.after))))
    return out.getvalue()


def _known(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else value


def _likeness(found: Judgement) -> Iterator[Row]:
    one, two = found.before.likeness, found.after.likeness
    fixed, moving = found.asked.fixed, found.asked.moving
    same = same_quantity(fixed, moving)
    unit = f"{fixed.unit}²" if fixed.unit and not fixed.is_colour else ""
    why = "" if same else tr("The values of the two images do not mean the same, so they cannot be subtracted.")
    yield Row(
        "mean_squares", tr("Mean squares"), tr("Mean of the squared differences where both images are; 0 is best"),
        _known(one.mean_squares) if same else None, _known(two.mean_squares) if same else None, unit, -1, why=why,
    )  # fmt: skip
    flat = tr("One of the images has a single value where both are.")
    yield Row(
        "correlation", tr("Correlation"),
        tr("Pearson's coefficient of the values where both images are; of one modality 1 is best"),
        _known(one.correlation), _known(two.correlation), "", 1, 4, flat,
    )  # fmt: skip
    yield Row(
        "mutual_information_nats", tr("Mutual information"),
        tr("What one image tells of the other where both are, by a histogram of 64 × 64 bins; more is better"),
        _known(one.mutual_information), _known(two.mutual_information), "nat", 1, 4, flat,
    )  # fmt: skip
    yield Row(
        "normalised_mutual_information", tr("Normalised MI"),
        tr("Sum of the single entropies over the joint one: 1 where the images have nothing in common, 2 at most"),
        _known(one.normalised), _known(two.normalised), "", 1, 4, flat,
    )  # fmt: skip
    yield Row(
        "overlap", tr("Overlap"), tr("Share of the fixed image that the moving image covers"),
        _known(one.overlap), _known(two.overlap), "%",
    )  # fmt: skip


def _labels(found: Judgement) -> Iterator[Row]:
    for pair, one, two in zip(found.asked.labels, found.before.dice, found.after.dice, strict=True):
        yield Row(
            f"dice_{pair.name}", tr("Dice: {label}", label=pair.name),
            tr("Twice the common voxels over the sum of both, on the grid of the fixed image; 1 is best"),
            _known(one), _known(two), "", 1, 4, tr("Neither label has a voxel there."),
        )  # fmt: skip


def _marks(found: Judgement) -> Iterator[Row]:
    one, two = found.before.marks, found.after.marks
    if one is None or two is None:
        why = tr("There are no points of the same name on both images. Set landmarks to know this.")
        yield Row("landmark_error_mean", tr("TRE"), _target_error(), None, None, why=why)
        return
    unit = "mm" if found.asked.moving.geometry.has_lengths else "px"
    words = (("mean", tr("TRE, mean")), ("median", tr("TRE, median")), ("largest", tr("TRE, largest")))
    for name, title in words:
        known = getattr(one, name), getattr(two, name)
        yield Row(f"landmark_error_{name}_{unit}", title, _target_error(two.count), *known, unit, -1)


def _target_error(count: int = 0) -> str:
    return tr("Target registration error: how far each landmark of the fixed image is taken from its partner, measured "
              "in the moving image; {count} pairs", count=count)  # fmt: skip


def _bend(found: Judgement) -> Iterator[Row]:
    state: State = found.after
    before = found.before.constant
    folded = tr("Voxels of the fixed image where the determinant is 0 or less: there the transform turns space over "
                "and has no inverse")  # fmt: skip
    stretched = tr("How much larger the moving image is than the fixed one at a place: below 1 it shrinks there, above "
                   "1 it grows")  # fmt: skip
    if state.stretch is None:
        mirrored = state.constant is not None and state.constant <= 0
        count = float(math.prod(found.asked.fixed.geometry.size)) if mirrored else 0.0
        yield Row("folded_voxels", tr("Folded voxels"), folded, None if before is None else 0.0, count, "", -1, 0)
        yield Row("jacobian", tr("Jacobian, everywhere"), stretched, before, state.constant, "", 0, 3)
        return
    known = None if before is None else 0.0
    yield Row("folded_voxels", tr("Folded voxels"), folded, known, float(state.stretch.folded), "", -1, 0)
    words = (("lowest", tr("Jacobian, lowest"), state.stretch.lowest),
             ("1_percent", tr("Jacobian, 1 %"), state.stretch.percentiles[0]),
             ("99_percent", tr("Jacobian, 99 %"), state.stretch.percentiles[-1]),
             ("highest", tr("Jacobian, highest"), state.stretch.highest))  # fmt: skip
    for name, title, value in words:
        yield Row(f"jacobian_{name}", title, stretched, before, value, "", 0, 3)


def _way_back(found: Judgement) -> Iterator[Row]:
    unit = "mm" if found.asked.fixed.geometry.has_lengths else "px"
    reverse = found.way_back == "reverse"
    title = tr("Inverse consistency") if reverse else tr("Inverse error")
    said = (
        tr("How far one is from where one began, there by this registration and back by the one the other way round")
        if reverse
        else tr("How far one is from where one began, there and back by the inverse of the same transform: large where "
                "it is folded. A registration the other way round would show whether both agree.")
    )  # fmt: skip
    errors = found.inverse
    key = "inverse_consistency" if reverse else "inverse_error"
    why = "" if errors is not None else tr("The image was not moved.")
    for name, word in (("mean", tr("mean")), ("largest", tr("largest"))):
        value = None if errors is None else float(getattr(errors, name))
        titled = tr("{title}, {kind}", title=title, kind=word)
        yield Row(f"{key}_{name}_{unit}", titled, said, None, value, unit, why=why)
