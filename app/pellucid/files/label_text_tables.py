r"""Label tables as lines of text: the label descriptions of ITK-SNAP, the colour tables of 3D Slicer, and CSV.

ITK-SNAP (``LabelDescriptions`` / "Save label descriptions", header of every file it writes): lines
``IDX R G B A VIS MSH "LABEL"``; colours 0 to 255, A is the opacity 0 to 1, VIS and MSH are 0 or 1, comments begin
with #, index 0 is "Clear Label". A quotation mark inside a label cannot be written and becomes ’.

3D Slicer (``vtkMRMLColorTableStorageNode``, files ``.ctbl`` and ``.txt``): lines ``index name R G B A``, all colours
and the opacity 0 to 255, comments begin with #. A name holds no blanks: Slicer writes _ for them, and so do we; index 0
is the background.

CSV: a header line with any of the columns of ``COLUMNS`` in any order, ``value`` and ``name`` at least. Instead of
``color`` (#RRGGBB) there may be red, green and blue, 0 to 255 (also ``r g b`` and Slicer's ``Color_R`` …).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator

from pellucid.language import tr
from pellucid.model.labels import Code, Label, Status, color_for

Numbered = tuple[int, Label]
COLUMNS = (
    "value", "name", "color", "opacity", "visible", "locked", "status", "notes", "scheme", "code", "meaning",
)  # fmt: skip
_ALIASES = {
    "label": "value", "labelvalue": "value", "index": "value", "id": "value", "idx": "value", "colour": "color",
    "labelname": "name", "structure": "name", "r": "red", "g": "green", "b": "blue", "color_r": "red",
    "color_g": "green", "color_b": "blue", "comment": "notes", "coding_scheme": "scheme",
}  # fmt: skip
_SNAP = re.compile(r'(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s+["“](.*)["”]')
_SNAP_HEAD = """\
################################################
# ITK-SnAP Label Description File
# File format:
# IDX   -R-  -G-  -B-  -A--  VIS MSH  LABEL
# Fields:
#    IDX:   Zero-based index
#    -R-:   Red color component (0..255)
#    -G-:   Green color component (0..255)
#    -B-:   Blue color component (0..255)
#    -A-:   Label transparency (0.00 .. 1.00)
#    VIS:   Label visibility (0 or 1)
#    IDX:   Label mesh visibility (0 or 1)
#  LABEL:   Label description
################################################
    0     0    0    0        0  0  0    "Clear Label"
"""


class BadLine(ValueError):
    """A line that is not what it should be, with the sentence that says why."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(why)
        self.line, self.why = line, why


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            yield number, line.strip()


def is_snap(text: str) -> bool:
    """Return whether a text looks like label descriptions of ITK-SNAP and not like a colour table of Slicer."""
    first = next((line for _, line in _lines(text)), "")
    return _SNAP.fullmatch(first) is not None or "itk-snap" in text[:300].lower()


def from_snap(text: str) -> Iterator[Numbered]:
    """Yield the labels of ITK-SNAP's label descriptions with their lines."""
    for number, line in _lines(text):
        found = _SNAP.fullmatch(line)
        if found is None:
            said = tr("expected index, red, green, blue, opacity, two switches and a name in quotation marks")
            raise BadLine(number, said)
        value = _whole(number, found[1])
        color = _color(number, found[2], found[3], found[4])
        opacity, visible = _share(number, found[5]), _whole(number, found[6]) != 0
        yield number, Label(value, found[8].strip(), color, visible, opacity=opacity)


def to_snap(labels: Iterable[Label]) -> str:
    """Return labels as ITK-SNAP's label descriptions."""
    lines = [_SNAP_HEAD]
    for row in labels:
        red, green, blue = _channels(row.color)
        name, shown = _one_line(row.name).replace('"', "’"), int(row.visible)
        numbers = f"{row.value:>5} {red:>5} {green:>4} {blue:>4} {row.opacity:>8g} {shown:>2} {shown:>2}"
        lines.append(f'{numbers}    "{name}"\n')
    return "".join(lines)


def from_slicer(text: str) -> Iterator[Numbered]:
    """Yield the labels of a colour table of 3D Slicer with their lines."""
    for number, line in _lines(text):
        parts = line.split()
        if len(parts) not in (5, 6):
            raise BadLine(number, tr("expected index, name without blanks, red, green, blue and opacity"))
        value, color = _whole(number, parts[0]), _color(number, *parts[2:5])
        opacity = _share(number, parts[5], 255) if len(parts) == 6 else 1.0
        yield number, Label(value, parts[1].strip("'").replace("_", " "), color, opacity=opacity)


def to_slicer(labels: Iterable[Label]) -> str:
    """Return labels as a colour table of 3D Slicer."""
    rows = tuple(labels)
    lines = ["# Color table file", f"# {len(rows) + 1} values", "0 Background 0 0 0 0"]
    for row in rows:
        name = re.sub(r"\s+", "_", row.name.strip()) or "_"
        red, green, blue = _channels(row.color)
        lines.append(f"{row.value} {name} {red} {green} {blue} {round(255 * row.opacity)}")
    return "\n".join(lines) + "\n"


def from_csv(text: str) -> Iterator[Numbered]:
    """Yield the labels of comma, semicolon or tab separated values with their lines."""
    head = text.split("\n", 1)[0]
    separator = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text), delimiter=separator, strict=True)
    try:
        names = [_column(cell) for cell in next(reader, [])]
        if "value" not in names or "name" not in names:
            raise BadLine(1, tr("the first line must name the columns, “value” and “name” among them"))
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, _csv_row(reader.line_num, dict(zip(names, map(str.strip, cells), strict=False)))
    except csv.Error as error:
        raise BadLine(reader.line_num, tr("it is not comma separated text")) from error


def _column(cell: str) -> str:
    name = cell.strip().lower().replace(" ", "_")
    return _ALIASES.get(name, name)


def _csv_row(number: int, cells: dict[str, str]) -> Label:
    value = _whole(number, cells.get("value", ""))
    color = cells.get("color") or color_for(max(value, 1))
    if cells.get("red"):
        color = _color(number, cells["red"], cells.get("green", ""), cells.get("blue", ""))
    if not re.fullmatch(r"#[0-9A-Fa-f]{6}", color):
        raise BadLine(number, tr("“{found}” is not a colour written #RRGGBB", found=color))
    code = Code(cells.get("scheme") or "SCT", cells["code"], cells.get("meaning", "")) if cells.get("code") else None
    return Label(
        value, cells.get("name", ""), color, _switch(number, cells.get("visible", ""), default=True),
        _switch(number, cells.get("locked", ""), default=False), _share(number, cells.get("opacity") or "1"),
        status_of(number, cells.get("status", "")), cells.get("notes", ""), code,
    )  # fmt: skip


def to_csv(labels: Iterable[Label]) -> str:
    """Return labels as comma separated values with a header."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in labels:
        code = row.code or Code("", "", "")
        writer.writerow((
            row.value, row.name, row.color, f"{row.opacity:g}", int(row.visible), int(row.locked),
            "" if row.status is Status.NOT_STARTED else row.status, row.notes, code.scheme, code.value, code.meaning,
        ))  # fmt: skip
    return text.getvalue()


def status_of(number: int, text: str) -> Status:
    """Return the status that is written in a line."""
    try:
        return Status(text.strip().lower() or Status.NOT_STARTED)
    except ValueError:
        known = ", ".join(Status)
        raise BadLine(number, tr("“{found}” is no status; there are {known}", found=text, known=known)) from None


def _whole(number: int, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise BadLine(number, tr("“{found}” is not a whole number", found=text)) from None


def _share(number: int, text: str, most: float = 1.0) -> float:
    try:
        share = float(text) / most
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise BadLine(number, tr("“{found}” is not an opacity from 0 to {most}", found=text, most=f"{most:g}"))
    return share


def _switch(number: int, text: str, *, default: bool) -> bool:
    known = {"": default, "1": True, "0": False, "true": True, "false": False, "yes": True, "no": False}
    if text.lower() not in known:
        raise BadLine(number, tr("“{found}” is neither 1 nor 0", found=text))
    return known[text.lower()]


def _color(number: int, *texts: str) -> str:
    channels = []
    for text in texts:
        try:
            channels.append(round(float(text)))
        except (ValueError, OverflowError):
            channels.append(-1)
        if not 0 <= channels[-1] <= 255:
            raise BadLine(number, tr("“{found}” is not a part of a colour from 0 to 255", found=text))
    return "#{:02X}{:02X}{:02X}".format(*channels)


def _channels(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def _one_line(text: str) -> str:
    return " ".join(text.split())
