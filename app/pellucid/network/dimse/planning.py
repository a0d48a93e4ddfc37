"""Before anything is fetched: which instances there are, of which kinds, and which of them are here already."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pellucid.model.findings import Refused
from pellucid.network import sentences
from pellucid.network.dimse import rows
from pellucid.network.dimse.association import associated, comment
from pellucid.network.dimse.contexts import classes_of
from pellucid.network.transfers import file_name, is_here

if TYPE_CHECKING:
    from pydicom import Dataset

    from pellucid.network.agent import Desk

_CHUNK = 64
_EMPTY: dict[str, Any] = {
    "patient_name": "", "patient_id": "", "birth_date": "", "accession": "", "date_from": "", "date_to": "",
    "modalities": (), "description": "", "study_uid": "", "series_uid": "",
}  # fmt: skip


@dataclass
class Plan:
    """What to ask for. ``expected`` is None when the server does not list its instances."""

    expected: list[str] | None = None
    classes: tuple[str, ...] = ()
    requests: list[Dataset] = field(default_factory=list)
    here: list[str] = field(default_factory=list)


@dataclass
class _Series:
    uid: str
    modality: str = ""
    instances: list[str] = field(default_factory=list)


def planned(payload: dict[str, Any], desk: Desk) -> Plan:
    """Ask which instances are wanted, and return what is still to be fetched."""
    wanted, folder = payload["what"], Path(payload["folder"])
    series, classes = _listed(payload, desk)
    chosen = set(wanted["instance_uids"])
    for one in series:
        one.instances = [uid for uid in one.instances if not chosen or uid in chosen]
    complete = bool(series) and all(one.instances for one in series)
    if not complete:
        kinds = classes or classes_of(one.modality for one in series)
        return Plan(None, kinds, _blind(wanted, series))
    plan = Plan([uid for one in series for uid in one.instances], classes or classes_of(s.modality for s in series))
    for one in series:
        missing = [uid for uid in one.instances if not is_here(folder, uid)]
        plan.here += [file_name(uid) for uid in one.instances if uid not in set(missing)]
        plan.requests += _requests(wanted["study_uid"], one, missing, whole=not chosen)
    return plan


def _listed(payload: dict[str, Any], desk: Desk) -> tuple[list[_Series], tuple[str, ...]]:
    """Return series with their instances, and the kinds of objects; without lists when the server gives none."""
    from pynetdicom import build_context
    from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelFind as StudyRoot

    from pellucid.network.dimse.finding import asked

    wanted, node = payload["what"], payload["node"]
    kinds: dict[str, None] = {}
    found = [_Series(uid) for uid in wanted["series_uids"]]
    query = _EMPTY | {"study_uid": wanted["study_uid"]}
    with associated(payload, desk, [build_context(StudyRoot)]) as link:
        if not found:
            series = rows.identifier(query | {"level": "series"})
            for answer in asked(link, node, desk, series, StudyRoot):
                found.append(_Series(rows.text(answer, "SeriesInstanceUID"), rows.text(answer, "Modality")))
        if not found and not desk.cancelled:
            raise Refused(sentences.nothing(node))
        for one in found:
            try:
                question = rows.identifier(query | {"level": "instance", "series_uid": one.uid})
                for answer in asked(link, node, desk, question, StudyRoot):
                    one.instances.append(rows.text(answer, "SOPInstanceUID"))
                    kinds[rows.text(answer, "SOPClassUID")] = None
            except Refused:
                if not link.is_established:
                    raise
                one.instances = []
            one.instances = [uid for uid in dict.fromkeys(one.instances) if uid]
    if desk.cancelled:
        return [], ()
    return found, tuple(kind for kind in kinds if kind)


def _requests(study: str, series: _Series, missing: list[str], *, whole: bool) -> list[Dataset]:
    if not missing:
        return []
    if whole and len(missing) == len(series.instances):
        return [request("SERIES", study, series.uid)]
    return [request("IMAGE", study, series.uid, missing[k : k + _CHUNK]) for k in range(0, len(missing), _CHUNK)]


def _blind(wanted: dict[str, Any], series: list[_Series]) -> list[Dataset]:
    """Return what to ask for when nobody knows the instances."""
    study, instances = wanted["study_uid"], list(wanted["instance_uids"])
    if instances:
        return [request("IMAGE", study, wanted["series_uids"][0], instances)]
    if series:
        return [request("SERIES", study, one.uid) for one in series]
    return [request("STUDY", study)]


def request(level: str, study: str, series: str = "", instances: list[str] | None = None) -> Dataset:
    """Return the data set that asks for something to be sent."""
    from pydicom import Dataset

    asked = Dataset()
    asked.QueryRetrieveLevel = level
    asked.StudyInstanceUID = study
    if series:
        asked.SeriesInstanceUID = series
    if instances:
        asked.SOPInstanceUID = instances
    return asked


def outcome(status: Dataset, node: dict[str, Any]) -> tuple[int, str]:
    """Return how many could not be sent and what is said of it, for the last status of a C-GET or C-MOVE."""
    failed = int(status.get("NumberOfFailedSuboperations", 0) or 0)
    code = int(status.Status)
    if code in (0x0000, 0xFE00):
        return failed, ""
    if code == 0xB000:
        return failed, ""
    return failed, sentences.status(node, code, comment(status))
