"""Hide identity: while it is on, no name of a layer and no text that is shown tells who the patient is.

Layers have other names as long as it lasts; everything that shows names shows those, and a saved work keeps the real
ones. Texts made of other things (jobs, notices, steps, paths) go through ``text``.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pellucid.language import mark, tr
from pellucid.model.layer import ImageLayer, Layer

if TYPE_CHECKING:
    from pellucid.database.rows import StudyRow
    from pellucid.model.volume import Acquisition
    from pellucid.session.session import Session

MASK = "•••"
_SHORTEST_IN_NAME, _SHORTEST_IN_PATH = 2, 3
_SPLIT = re.compile(r"[\W_]+")
_NEUTRAL = (mark("Patient {number}"), mark("Series {number}"), mark("Volume {number}"), mark("Folder {number}"))
"""What is called so by us instead of by a name: a folder of the same name tells nobody anything."""


class Concealing:
    """What identifies people in this session, and texts without it."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._real: dict[str, str] = {}
        self._given: dict[str, str] = {}
        self._known: tuple[object, re.Pattern[str] | None] = ((), None)
        session.view.events.hide_identity.connect(self._switch)
        session.document.inserted.connect(self._inserted)

    def text(self, text: str) -> str:
        """Return a text as it may be shown now."""
        return self.hidden(text) if self._session.view.hide_identity and text else text

    def hidden(self, text: str) -> str:
        """Return a text without what identifies people."""
        pattern = self._pattern()
        return pattern.sub(MASK, text) if pattern is not None else text

    def nameless(self, text: str) -> str:
        """Return a text for others, whatever is shown here: without names, numbers and dates of patients.

        What files are called stays: only the user knows whether that names somebody.
        """
        volumes = [volume for layer in self._session.document.images for volume in layer.frames]
        known = dict.fromkeys(volume.acquisition for volume in volumes)
        pattern = _matching(word for about in known for word in _of_acquisition(about))
        return pattern.sub(MASK, text) if pattern is not None else text

    def of_study(self, text: str, study: StudyRow) -> str:
        """Return a text as it may be shown now, also without what tells the patient of a study that is not open."""
        text = self.text(text)
        if not self._session.view.hide_identity:
            return text
        said = text.casefold()
        words = _of_patient(study.patient_name, study.patient_id, study.birth_date, study.date)
        telling = [word for word in words if word and word.casefold() in said]
        pattern = _matching(telling) if telling else None
        return pattern.sub(MASK, text) if pattern is not None else text

    def path(self, path: Path, number: int) -> str:
        """Return a path as it may be shown now: all of it, or a number."""
        return f"{MASK} {number}{path.suffix}" if self._session.view.hide_identity else str(path)

    @contextlib.contextmanager
    def revealed(self) -> Iterator[None]:
        """Give the layers their real names for a moment, as for a work that is saved."""
        names = {layer.id: layer.name for layer in self._session.document.layers}
        self._rename({layer_id: self._real_name(layer_id, name) for layer_id, name in names.items()})
        try:
            yield
        finally:
            self._rename(names)

    def _switch(self, hide: bool) -> None:
        if hide:
            for layer in self._session.document.layers:
                self._conceal(layer)
        else:
            shown = {layer.id: layer.name for layer in self._session.document.layers}
            self._rename({layer_id: self._real_name(layer_id, name) for layer_id, name in shown.items()})
            self._real, self._given = {}, {}

    def _inserted(self, layer: Layer) -> None:
        if self._session.view.hide_identity:
            self._conceal(layer)

    def _conceal(self, layer: Layer) -> None:
        real = self._real_name(layer.id, layer.name)
        hidden = self.hidden(real)
        if hidden != real:
            self._real[layer.id], self._given[layer.id] = real, hidden
            layer.name = hidden

    def _real_name(self, layer_id: str, shown: str) -> str:
        """Return the real name of a layer; one that was renamed meanwhile keeps what the user gave it."""
        return self._real[layer_id] if shown == self._given.get(layer_id) else shown

    def _rename(self, names: dict[str, str]) -> None:
        for layer in self._session.document.layers:
            if layer.name != names.get(layer.id, layer.name):
                layer.name = names[layer.id]

    def _pattern(self) -> re.Pattern[str] | None:
        key = (tuple(layer.id for layer in self._session.document.layers), len(self._session.library.series),
               len(self._session.library.images), len(self._session.library.problems),
               tuple(self._session.settings.recent),
               tuple(root.path for root in self._session.studies.roots))  # fmt: skip
        if self._known[0] != key:
            self._known = key, _matching(self._words())
        return self._known[1]

    def _words(self) -> Iterator[str]:
        session = self._session
        for layer in session.document.layers:
            if isinstance(layer, ImageLayer):
                for volume in layer.frames:
                    yield from _of_acquisition(volume.acquisition)
                yield from _of_paths(map(Path, layer.source.paths), whole=layer.source.kind != "dicom")
        for series in session.library.series:
            yield from _of_acquisition(series.acquisition)
            yield from _of_paths(series.files[:1], whole=False)
        yield from _of_paths((image.path for image in session.library.images), whole=True)
        yield from _of_paths((problem.path for problem in session.library.problems), whole=True)
        yield from _of_paths(map(Path, session.settings.recent), whole=True)
        yield from _of_paths((root.path for root in session.studies.roots), whole=True)


def _of_acquisition(about: Acquisition) -> Iterator[str]:
    return _of_patient(about.patient_name, about.patient_id, about.birth_date, about.study_date)


def _of_patient(name: str, patient_id: str, *days: str) -> Iterator[str]:
    for text in (name, patient_id):
        if text:
            yield text
            yield from (word for word in _SPLIT.split(text) if len(word) >= _SHORTEST_IN_NAME)
    for day in days:
        yield day
        if len(day) == 8:
            yield f"{day[:4]}-{day[4:6]}-{day[6:]}"


def _of_paths(paths: Iterable[Path], *, whole: bool) -> Iterator[str]:
    """Yield what files and the folders they are in are called, and the words of it, but for our own neutral ones."""
    neutral = {word.casefold() for name in _NEUTRAL for word in _SPLIT.split(tr(name, number=0))}
    for path in paths:
        for name in {path.name, path.stem, path.name.split(".")[0], path.parent.name} if whole else {path.parent.name}:
            parts = [word for word in _SPLIT.split(name) if word and word.casefold() not in neutral]
            if any(not word.isdigit() or len(word) >= _SHORTEST_IN_PATH for word in parts):
                yield name
            yield from (word for word in parts if len(word) >= _SHORTEST_IN_PATH)


def _matching(words: Iterable[str]) -> re.Pattern[str] | None:
    from pellucid.dicom.deidentify.dummies import known_words

    telling = {word.strip() for word in words}
    telling = {word for word in telling if len(word) >= _SHORTEST_IN_NAME and known_words(word) != word}
    if not telling:
        return None
    longest_first = sorted(map(re.escape, telling), key=len, reverse=True)
    return re.compile(rf"(?<![^\W_])(?:{'|'.join(longest_first)})(?![^\W_])", re.IGNORECASE)
