"""What is fetched and sent, how far it is, and what came of it: plain frozen records."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from pellucid import paths
from pellucid.network.queries import FoundInstance, FoundSeries, FoundStudy


@dataclass(frozen=True)
class What:
    """What is fetched: a study, some of its series, or some instances of one series."""

    study_uid: str
    series_uids: tuple[str, ...] = ()
    instance_uids: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Return a name made by us that stands for the same things each time."""
        return named_by(self.study_uid, *self.series_uids, *self.instance_uids)


def what(*found: FoundStudy | FoundSeries | FoundInstance) -> What:
    """Return what to fetch for rows of one study that were found."""
    first = found[0]
    if isinstance(first, FoundStudy):
        return What(first.uid)
    if isinstance(first, FoundInstance):
        return What(first.study_uid, (first.series_uid,), tuple(item.uid for item in found))
    return What(first.study_uid, tuple(item.uid for item in found))


@dataclass(frozen=True)
class Progress:
    """How far a transfer is; ``total`` is None while nobody knows."""

    done: int = 0
    total: int | None = None
    nbytes: int = 0
    failed: int = 0


@dataclass(frozen=True)
class Fetched:
    """What came. ``sentence`` says what is missing and why, empty when everything is there.

    The files of ``files`` are whole and can be opened, also those of an earlier, unfinished attempt. Fetching the
    same into the same folder again asks only for what is missing.
    """

    folder: Path
    files: tuple[Path, ...] = ()
    wanted: int | None = None
    missing: int = 0
    nbytes: int = 0
    cancelled: bool = False
    sentence: str = ""

    @property
    def complete(self) -> bool:
        """Return whether nothing is missing, as far as the server told."""
        return not self.sentence and not self.cancelled


@dataclass(frozen=True)
class Failure:
    """A file that was not sent, and why."""

    path: Path
    sentence: str


@dataclass(frozen=True)
class Sent:
    """What was sent. To try again, send the paths of ``failed``; ``note``: what was changed to send it."""

    sent: int = 0
    failed: tuple[Failure, ...] = ()
    nbytes: int = 0
    cancelled: bool = False
    note: str = ""

    @property
    def complete(self) -> bool:
        """Return whether everything was sent."""
        return not self.failed and not self.cancelled


@dataclass(frozen=True)
class Received:
    """An object that the listener received: whole, its header read, its name made by us."""

    path: Path
    caller: str
    sop_uid: str
    series_uid: str
    study_uid: str
    nbytes: int


def received_folder(wanted: What) -> Path:
    """Return where something is fetched to when the user chose no folder: always the same for the same things."""
    return paths.data_dir() / "received" / wanted.key


def file_name(sop_uid: str) -> str:
    """Return the name we give an instance, whatever its UID looks like."""
    return f"{named_by(sop_uid)}.dcm"


def is_here(folder: Path, sop_uid: str) -> bool:
    """Return whether an instance was fetched before; a power cut may leave an empty file of one that was not."""
    try:
        return (folder / file_name(sop_uid)).stat().st_size > 0
    except OSError:
        return False


def named_by(*uids: str) -> str:
    """Return a name made of letters and digits that stands for UIDs."""
    return hashlib.sha256("\n".join(uids).encode()).hexdigest()[:24]
