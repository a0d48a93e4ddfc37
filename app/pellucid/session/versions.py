"""Which of several versions of an image is opened: the user says so, nothing else does (H09)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from os.path import commonpath
from pathlib import Path
from typing import TYPE_CHECKING

from pellucid.dicom.versions import HEADER, ONLY_HERE, PLACE, STORED, VALUES, Version, versions_of
from pellucid.jobs.job import Job
from pellucid.language import mark, tr
from pellucid.session.opening import parts, title_of

if TYPE_CHECKING:
    from pellucid.dicom.stack import Series
    from pellucid.session.session import Session

_HOW = {
    PLACE: mark("another place or size than {other}"),
    VALUES: mark("other values than {other}"),
    HEADER: mark("the same pixels as {other}, another header"),
    STORED: mark("its pixels are stored differently from {other}"),
    ONLY_HERE: mark("only in this version"),
}
Opened = Callable[[Sequence[int]], None]
Shown = Callable[[Path, int], str] | None


@dataclass(frozen=True, eq=False)
class Undecided:
    """A series of which several versions exist, what tells them apart, and what opens those that are chosen."""

    series: Series
    versions: tuple[Version, ...]
    open: Opened

    @property
    def title(self) -> str:
        """Return what the series is called."""
        return _title(self.series)

    def rows(self, shown: Shown = None) -> tuple[tuple[str, str, str], ...]:
        """Return for each version a name, how it differs, and which files are its own.

        ``shown`` says what of a path may be seen.
        """
        names, files = parts(self.series), [one.files for one in self.versions]
        common = _common([path for group in files for path in group])
        rows = []
        for number, one in enumerate(self.versions, start=1):
            how = tr(_HOW[one.how], other=names[one.other or 0]) if one.how else ""
            where = [_place(one.files, common, shown, number), _saved(one.saved)]
            rows.append((names[one.part], how, " · ".join(filter(None, where))))
        return tuple(rows)


def ask(session: Session, series: Series, opened: Opened) -> Job:
    """Find what tells the versions of a series apart and ask which to open; without a listener that becomes a notice.

    Nothing is opened until somebody chooses.
    """

    def done(versions: tuple[Version, ...]) -> None:
        undecided = Undecided(series, versions, opened)
        if len(session.versions_asked):
            session.versions_asked.emit(undecided)
        else:
            session.notice.emit(
                tr("“{title}” exists in {count} versions that contradict each other. Open one of them by its name.",
                   title=undecided.title, count=len(versions)), "warning",
            )  # fmt: skip

    return session.jobs.query(
        ("versions", series.uid), tr("Comparing the versions of {title}", title=_title(series)),
        lambda job: versions_of(series, job.check), done, partial(_complain, session),
    )  # fmt: skip


def _title(series: Series) -> str:
    return title_of(series).removesuffix(parts(series)[0]).strip()


def _complain(session: Session, sentence: str) -> None:
    session.notice.emit(sentence, "error")


def _common(files: Sequence[Path]) -> Path | None:
    """Return the folder that all files are in, nothing where there is none."""
    try:
        return Path(commonpath([path.parent for path in files]))
    except ValueError:
        return None


def _place(files: Sequence[Path], common: Path | None, shown: Shown, number: int) -> str:
    if not files:
        return ""
    first = files[0]
    name = shown(first, number) if shown else str(first.relative_to(common) if common else first)
    return name if len(files) == 1 else tr("{name} and {count} more", name=name, count=len(files) - 1)


def _saved(when: float | None) -> str:
    if when is None:
        return ""
    return tr("saved {time}", time=datetime.fromtimestamp(when).strftime("%Y-%m-%d %H:%M:%S"))
