"""Find everything that can be opened below some paths: DICOM series first, then image files and saved works.

DICOM is found by content. Other files of a folder are looked at when their extension is one of ours or of a
format that people may expect to open; the rest (tables, notes, data files of detached headers) is passed over
in silence. A file that was named by the user is always looked at and always answered; a ZIP archive that was named
is unpacked and looked through like a folder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from pellucid.dicom.child import Cancelled
from pellucid.files.images import EXTENSIONS, FOREIGN, ImageFile, describe
from pellucid.files.limits import Implausible
from pellucid.language import tr
from pellucid.model.findings import Refused

if TYPE_CHECKING:
    from typing_extensions import TypeIs

    from pellucid.dicom.child import Pool
    from pellucid.dicom.scan import Problem
    from pellucid.dicom.splitting import Splitting
    from pellucid.dicom.stack import Series

    Item: TypeAlias = Series | ImageFile

WORKSPACE_EXTENSION = ".pellucid"
_EVERY = 20


@dataclass(frozen=True)
class Found:
    """What was found so far: ``seen`` files of ``total`` (None while they are still being counted)."""

    series: tuple[Series, ...] = ()
    images: tuple[ImageFile, ...] = ()
    workspaces: tuple[Path, ...] = ()
    problems: tuple[Problem, ...] = ()
    seen: int = 0
    total: int | None = None


def is_series(item: Item) -> TypeIs[Series]:
    """Return whether what was found is a DICOM series, not an image file."""
    return hasattr(item, "volumes")


def discover(
    paths: Iterable[Path | str],
    *,
    pool: Pool | None = None,
    on_found: Callable[[Found], None] = lambda _: None,
    cancelled: Callable[[], bool] = lambda: False,
    splittings: Mapping[str, Splitting] | None = None,
) -> Found:
    """Look into files and folders; ``on_found`` gets what there is so far, from the calling thread.

    Cancelled, it returns what was found until then. ``splittings`` say how series are split where that was chosen.
    """
    from pellucid.dicom.scan import scan

    named, about = _unpacked([Path(path) for path in paths], pool, cancelled)
    snapshot = scan(
        named,
        pool=pool,
        on_series=lambda s: on_found(Found(s.series, (), (), s.problems, s.files_seen, s.files_total)),
        cancelled=cancelled,
        splittings=splittings,
    )
    problems = (*about, *snapshot.problems)
    found = Found(snapshot.series, problems=problems, seen=snapshot.files_seen, total=snapshot.files_total)
    wanted = _candidates(snapshot.others, {path.absolute() for path in named if path.is_file()})
    for n, path in enumerate(wanted, 1):
        if cancelled():
            return found
        found = _with(found, path, pool)
        if n % _EVERY == 0 or n == len(wanted):
            on_found(found)
    return found


def _unpacked(
    named: Sequence[Path], pool: Pool | None, cancelled: Callable[[], bool]
) -> tuple[list[Path], tuple[Problem, ...]]:
    """Return the paths with folders in the place of archives, and what is to be said about these."""
    from pellucid.dicom.scan import Problem
    from pellucid.files.archives import is_archive, unpack

    places: list[Path] = []
    said: list[Problem] = []
    for path in named:
        if not is_archive(path):
            places.append(path)
            continue
        try:
            unpacked = unpack(path, pool=pool, cancelled=cancelled)
        except Refused as refusal:
            said.append(Problem(path, str(refusal), isinstance(refusal, Implausible)))
            continue
        places.append(unpacked.folder)
        said += [Problem(path, sentence) for sentence in unpacked.said]
    return places, tuple(said)


def _candidates(others: Sequence[Path], named: set[Path]) -> list[Path]:
    """Return the files worth looking at, those a user named first, in the order of their names."""
    asked = [path for path in others if path.absolute() in named]
    listed = [path for path in others if path.absolute() not in named and _is_expected(path)]
    return [*sorted(asked), *sorted(listed)]


def _is_expected(path: Path) -> bool:
    name = path.name.lower()
    if name.startswith("."):
        return False
    return name.endswith((*EXTENSIONS, WORKSPACE_EXTENSION)) or path.suffix.lower() in FOREIGN


def _with(found: Found, path: Path, pool: Pool | None) -> Found:
    """Return what was found with one more file, as an image, a saved work or a problem."""
    from pellucid.dicom.scan import Problem

    if path.name.lower().endswith(WORKSPACE_EXTENSION):
        return replace(found, workspaces=(*found.workspaces, path))
    try:
        return replace(found, images=(*found.images, describe(path, pool=pool)))
    except Cancelled:
        return found
    except Refused as refusal:
        problem = Problem(path, str(refusal), isinstance(refusal, Implausible))
        return replace(found, problems=(*found.problems, problem))
    except OSError as error:
        reason = (error.strerror or tr("the system refused it")).lower()
        return replace(
            found,
            problems=(
                *found.problems,
                Problem(path, tr("{name} could not be opened: {reason}.", name=path.name, reason=reason)),
            ),
        )
