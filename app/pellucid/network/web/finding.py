"""QIDO-RS: what has a server got? Source: PS3.18 section 10.6."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from pellucid.language import tr
from pellucid.network.dimse import rows
from pellucid.network.web.client import Client

if TYPE_CHECKING:
    from pydicom import Dataset

    from pellucid.network.agent import Desk

_PAGE = 200
_INCLUDED = {
    "study": ("StudyDescription", "ModalitiesInStudy", "NumberOfStudyRelatedSeries", "NumberOfStudyRelatedInstances",
              "PatientBirthDate", "PatientSex", "AccessionNumber"),
    "series": ("SeriesDescription", "NumberOfSeriesRelatedInstances", "BodyPartExamined", "SeriesDate"),
    "instance": ("SOPClassUID", "InstanceNumber"),
}  # fmt: skip


def echo(payload: dict[str, Any], desk: Desk) -> dict[str, Any]:
    """Ask for one study: there is no other way to see whether a server is there and lets us in."""
    client = Client(payload)
    client.json(client.address("qido", "studies"), {"limit": "1"})
    return {"sentence": tr("{server} is there and lets us in.", server=client.node["name"])}


def find(payload: dict[str, Any], desk: Desk) -> dict[str, Any]:
    """Ask page by page and report the rows as they come."""
    query = payload["query"]
    gathered = rows.Gathered(query["level"])
    limit = int(query["limit"])
    more = False
    for answer in answers(Client(payload), query, desk):
        if not rows.fits(query, answer) or not _has_words(query, answer):
            continue
        if gathered.count >= limit:
            more = True
            break
        gathered.add(answer)
        if gathered.count % _PAGE == 0:
            desk.report(rows=gathered.fresh())
    desk.report(rows=gathered.fresh())
    return {"more": more or desk.cancelled, "cancelled": desk.cancelled, "note": ""}


def answers(client: Client, query: dict[str, Any], desk: Desk) -> Iterator[Dataset]:
    """Yield what a server has, until it has no more or nobody wants it."""
    url, parameters = _question(client, query)
    offset = 0
    seen: set[str] = set()
    while not desk.cancelled:
        page = client.json(f"{url}?{parameters}&limit={_PAGE}&offset={offset}")
        fresh = 0
        for item in page:
            answer = _data_set(item)
            if answer is None:
                continue
            uid = rows.text(answer, _UID[_wanted(query)])
            fresh += uid not in seen
            seen.add(uid)
            yield answer
        if len(page) < _PAGE or not fresh:  # a server that knows no pages sends the same again
            return
        offset += len(page)


def _data_set(item: Any) -> Dataset | None:
    """Return an entry of an answer, None when it is none: servers can send anything, and pydicom raises many things."""
    from pydicom import Dataset

    try:
        return Dataset.from_json(item)
    except Exception:
        return None


_UID = {"study": "StudyInstanceUID", "series": "SeriesInstanceUID", "instance": "SOPInstanceUID"}


def _wanted(query: dict[str, Any]) -> str:
    return "study" if query["level"] == "patient" else str(query["level"])


def _question(client: Client, query: dict[str, Any]) -> tuple[str, str]:
    """Return address and parameters of a question; there is no level of patients, they come by their studies."""
    wanted = _wanted(query)
    path = ["studies"]
    asked: dict[str, Any] = rows.matches(query, wanted)
    if wanted != "study" and query["study_uid"]:
        path.append(asked.pop("StudyInstanceUID"))
    if wanted != "study":
        path.append("series")
    if wanted == "instance":
        path += [asked.pop("SeriesInstanceUID"), "instances"]
    several = asked.pop("ModalitiesInStudy", [])
    if len(several) == 1:  # servers disagree about several: looked at when they come
        asked["ModalitiesInStudy"] = several[0]
    pairs = [(keyword, _plain(str(value))) for keyword, value in asked.items()]
    pairs += [("includefield", keyword) for keyword in _INCLUDED[wanted]]
    return client.address("qido", *path), "&".join(f"{key}={value}" for key, value in pairs)


def _plain(text: str) -> str:
    """Return a pattern that needs no escapes, which not every server undoes (Orthanc 1.10 does not).

    It may match more than it should: what comes is compared with the real one.
    """
    return re.sub(r"[^A-Za-z0-9_.~*?-]", "?", re.sub(r"[^\x00-\x7f]+", "*", text))


def _has_words(query: dict[str, Any], answer: Dataset) -> bool:
    """Return whether an answer has what was asked for where the question could not say it."""
    for keyword, value in rows.matches(query, _wanted(query)).items():
        exact = not isinstance(value, str) or _plain(value) == value
        if not exact and not fnmatchcase(_folded(rows.text(answer, keyword)), _folded(value).replace("[", "[[]")):
            return False
    return True


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()
