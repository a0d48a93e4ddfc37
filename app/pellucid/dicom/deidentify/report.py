"""What a run did, file by file, without any old value: for people as text, for programs as JSON or CSV.

Files are named by their number in the order of the names of the originals: a file name may be that of a patient.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pellucid.dicom.deidentify.marks import codes
from pellucid.dicom.deidentify.table import EDITION
from pellucid.language import tr, tr_count

if TYPE_CHECKING:
    from pellucid.dicom.deidentify.plan import Option, Plan
    from pellucid.dicom.deidentify.run import Copied, Outcome

FORMATS = (".json", ".csv", ".txt")


def written(outcome: Outcome, suffix: str) -> str:
    """Return the report in the format of a file name ending."""
    return {".json": _json, ".csv": _csv}.get(suffix.lower(), _text)(outcome)


def warnings(outcome: Outcome) -> tuple[str, ...]:
    """Return what a person has to look at; pixels that somebody has looked at, and said so, are no warning."""
    looked = outcome.plan.pixels_confirmed
    shown = [one for one in outcome.copied if one.source.seen.may_show_text and not looked]
    found = []
    if shown:
        series = ", ".join(sorted({_series(one) for one in shown}))
        found.append(tr_count("The pixels of {count} copy may show the name of the patient, in: {series}. Look at it, "
                              "and black out what names somebody.",
                              "The pixels of {count} copies may show the name of the patient, in: {series}. Look at "
                              "them, and black out what names somebody.", len(shown), series=series))  # fmt: skip
    faces = sum(one.source.seen.shows_face for one in outcome.copied)
    if faces:
        found.append(tr_count("{count} copy shows a head: the face can be rebuilt from it.",
                              "{count} copies show a head: the face can be rebuilt from it.", faces))  # fmt: skip
    left = [one for one in outcome.copied if one.left]
    if left:
        found.append(tr_count("In {count} copy words of a name or number of the original are still there: {name}. "
                              "Look at its attributes.",
                              "In {count} copies words of a name or number of the original are still there, the first "
                              "in {name}. Look at its attributes.", len(left), name=left[0].name))  # fmt: skip
    unmarked = [one for one in outcome.copied if one.blackened == 0 and _asked(outcome.plan)]
    if unmarked:
        found.append(tr_count("In {count} copy nothing was blacked out: the rectangles lie outside, or there are no "
                              "pixels.",
                              "In {count} copies nothing was blacked out: the rectangles lie outside, or there are no "
                              "pixels.", len(unmarked)))  # fmt: skip
    return tuple(found)


def statement() -> str:
    """Return what a report never leaves out."""
    return tr("This is no guarantee. Attributes were treated as PS3.15 Annex E says; what pixels show, what options "
              "keep and what other sources tell may still identify somebody.")  # fmt: skip


def _json(outcome: Outcome) -> str:
    return json.dumps(_plain(outcome), indent=2)


def _plain(outcome: Outcome) -> dict[str, Any]:
    return {
        "profile": EDITION,
        "options": [{"code": one.code, "meaning": one.meaning} for one in _held(outcome.plan)],
        "black_out": [[n, [list(one) for one in several]] for n, several in outcome.plan.black_out.items()],
        "statement": statement(),
        "warnings": list(warnings(outcome)),
        "files": [_file(one) for one in outcome.copied],
        "left_out": [{"number": one.number, "reason": one.reason} for one in outcome.left_out],
        "not_dicom": outcome.others,
    }  # fmt: skip


def _file(one: Copied) -> dict[str, Any]:
    return {
        "number": one.source.number,
        "copy": one.name,
        "may_show_text": one.source.seen.may_show_text,
        "rectangles_blacked_out": one.blackened,
        "identifiers_found_in_copy": one.left,
        "attributes": [
            {"tag": where, "name": name, "action": action, "count": count} for where, name, action, count in one.changes
        ],
    }


def _csv(outcome: Outcome) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(("number", "copy", "tag", "name", "action", "count"))
    for line in (*_held(outcome.plan),):
        writer.writerow(("", "", line.code, line.meaning, "option", ""))
    for said in (statement(), *warnings(outcome)):
        writer.writerow(("", "", "", said, "note", ""))
    for one in outcome.copied:
        writer.writerows((one.source.number, one.name, *change) for change in one.changes)
    writer.writerows((one.number, "", "", one.reason, "left out", "") for one in outcome.left_out)
    return stream.getvalue()


def _text(outcome: Outcome) -> str:
    lines = [tr("De-identified copies, {edition}", edition=EDITION), "", statement(), ""]
    lines += [f"{one.code}  {one.meaning}" for one in _held(outcome.plan)]
    if told := [f"! {said}" for said in warnings(outcome)]:
        lines += ["", *told]
    lines.append("")
    count = len(outcome.copied)
    lines += [tr_count("{count} file copied", "{count} files copied", count), *_counts(outcome.copied), ""]
    for one in outcome.copied:
        lines.append(f"{one.source.number}  {one.name}")
        if one.blackened:
            lines.append("    " + tr_count("{count} rectangle was blacked out", "{count} rectangles were blacked out",
                                           one.blackened))  # fmt: skip
        lines += [f"    {where}  {name}: {action}" + (f" × {count}" if count > 1 else "")
                  for where, name, action, count in one.changes]  # fmt: skip
    return "\n".join([*lines, *_not_copied(outcome)]) + "\n"


def _not_copied(outcome: Outcome) -> list[str]:
    """Return what was not copied and why; nothing where everything was."""
    lines: list[str] = []
    if count := len(outcome.left_out):
        lines += ["", tr_count("{count} file left out", "{count} files left out", count)]
        lines += [f"{one.number}  {one.reason}" for one in outcome.left_out]
    if outcome.others:
        lines += ["", tr_count("{count} file is no DICOM and was not copied",
                               "{count} files are no DICOM and were not copied", outcome.others)]  # fmt: skip
    return lines


def _counts(copied: Sequence[Copied]) -> list[str]:
    total: Counter[str] = Counter()
    for one in copied:
        for _where, _name, action, count in one.changes:
            total[action] += count
    return [f"    {action}: {count}" for action, count in sorted(total.items())]


def _held(plan: Plan) -> tuple[Option, ...]:
    return codes(plan, pixels_cleaned=plan.pixels_confirmed)


def _asked(plan: Plan) -> bool:
    return any(plan.black_out.values())


def _series(one: Copied) -> str:
    return one.name.rpartition("/")[0]
