"""Split a series anew: what it could be split by, and the series as a choice makes it. Reads headers again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pellucid.dicom.grouping import grouped
from pellucid.dicom.merging import why_not_merged
from pellucid.dicom.scan import records_of
from pellucid.dicom.sequences import places_of
from pellucid.dicom.splitting import AUTOMATIC, Splitting, Varying, found_varying
from pellucid.dicom.stack import Series, members_of, one_series, sequences
from pellucid.language import tr, tr_count
from pellucid.model.findings import Refused

if TYPE_CHECKING:
    from pellucid.dicom.child import Pool
    from pellucid.dicom.records import FileRecord


@dataclass(frozen=True)
class Splittable:
    """The headers of a series, what varies in it, and whether its kinds of images can be merged.

    ``kinds`` is how many there are; ``why_not_merged`` is nothing where they make one grid.
    """

    uid: str
    records: tuple[FileRecord, ...]
    digests: Mapping[str, str]
    varying: tuple[Varying, ...]
    kinds: int
    why_not_merged: str

    def split(self, choice: Splitting = AUTOMATIC) -> Series:
        """Return the series split as chosen; raise Refused where that cannot be."""
        return one_series(self.uid, self.records, self.digests, choice)

    def outcome(self, choice: Splitting = AUTOMATIC) -> str:
        """Say in one line what a choice makes; raise Refused where it cannot be."""
        return outcome(self.split(choice))


def read_splittable(
    paths: Sequence[Path], uid: str, *, pool: Pool | None = None, cancelled: Callable[[], bool] = lambda: False
) -> Splittable:
    """Read the headers of a series again and find what varies in it."""
    records, digests = records_of(paths, uid, pool=pool, cancelled=cancelled)
    if not records:
        raise Refused(tr("The files of this series are not there any more."))
    members = members_of(records, digests)[0]
    groups = grouped(members)[0] if members else []
    varying: dict[str, Varying] = {}
    for group in sorted(groups, key=lambda group: -len(group.members)):
        most = max(map(len, places_of(group.members, group))) if group.placed or group.stacked else 1
        for row in found_varying(group.members, most, group.placed):
            varying.setdefault(row.name, row)
    return Splittable(uid, tuple(records), digests, tuple(varying.values()), len(groups), why_not_merged(groups))


def outcome(series: Series) -> str:
    """Say in one line how many images a series makes, and of how many frames and slices."""
    images = sequences(series)
    frames = {len(plans) for plans in images}
    slices = {plans[0].geometry.size[2] for plans in images}
    text = tr_count("One image", "{count} images", len(images))
    if frames != {1}:
        text += ", " + tr_count("{count} frame each", "{count} frames each", max(frames)) if len(frames) == 1 else (
            ", " + tr("{least} to {most} frames", least=min(frames), most=max(frames)))  # fmt: skip
    if len(slices) == 1 and slices != {1}:
        text += ", " + tr_count("{count} slice", "{count} slices", max(slices))
    elif len(slices) > 1:
        text += ", " + tr("{least} to {most} slices", least=min(slices), most=max(slices))
    return text
