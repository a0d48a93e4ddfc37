"""Five hundred series of a grammar and their enhanced twins: geometry and values are never silently wrong (R-02)."""

from __future__ import annotations

import os
import random
from collections import Counter
from pathlib import Path

import pytest

from dicom_making import save
from pellucid.dicom.stack import Series
from series_grammar import CLASSIC_ONLY, Sentence, sentence
from series_truth import alarms, built, codes, judged, twins

SEED = int(os.environ.get("PELLUCID_SEED", "20260"))
COUNT, PARTS = 500, 10


def looked_at(said: Sentence, folder: Path, form: str) -> list[Series]:
    files = twins(said.slices, random.Random(said.seed)) if form == "enhanced" else said.slices
    return built(save(folder / form, files))


def told(found: list[Series]) -> tuple[frozenset[str], frozenset[str]]:
    things = [*found, *(plan for series in found for plan in series.volumes)]
    return frozenset[str]().union(*map(codes, things)), frozenset[str]().union(*map(alarms, things))


def faults(said: Sentence, found: list[Series]) -> list[str]:
    """Return what is wrong with what the loader made of a series."""
    plans = [plan for series in found for plan in series.volumes]
    verdicts = [judged(plan) for plan in plans]
    wrong = [f"silently wrong: {verdict}" for verdict in verdicts if verdict.is_silently_wrong]
    every, warned = told(found)
    wrong += [f"not said: {code}" for code in said.must if not warned & set(code.split("|"))]
    if said.clean and every:
        wrong.append(f"false alarm: {sorted(every)}")
    expected = {code for must in said.must for code in must.split("|")} | said.may
    wrong += [f"unfounded: {code}" for code in every - expected]
    shown = {(frame.path, frame.number) for plan in plans for frame in plan.frames}
    if len(shown) != said.instances:
        wrong.append(f"{len(shown)} of {said.instances} slices shown")
    return wrong


@pytest.mark.hazard("H01")
@pytest.mark.hazard("H02")
@pytest.mark.hazard("H03")
@pytest.mark.hazard("H04")
@pytest.mark.hazard("H05")
@pytest.mark.hazard("H07")
@pytest.mark.hazard("H09")
@pytest.mark.hazard("H10")
@pytest.mark.hazard("H11")
@pytest.mark.hazard("H44")
@pytest.mark.hazard("H45")
@pytest.mark.parametrize("part", range(PARTS))
def test_generated_series_are_never_silently_wrong(tmp_path: Path, part: int) -> None:
    share = COUNT // PARTS
    words: Counter[str] = Counter()
    clean = volumes = 0
    problems = []
    for seed in range(SEED + part * share, SEED + (part + 1) * share):
        said = sentence(seed)
        forms = ["classic"] if CLASSIC_ONLY & set(said.words) else ["classic", "enhanced"]
        for form in forms:
            found = looked_at(said, tmp_path / str(seed), form)
            volumes += sum(len(series.volumes) for series in found)
            problems += [f"{said} ({form}): {fault}" for fault in faults(said, found)]
        words.update(said.words)
        clean += said.clean
    print(f"{share} series ({clean} clean), {volumes} volumes checked; {dict(words.most_common(12))}")
    assert not problems, "\n".join(problems)
