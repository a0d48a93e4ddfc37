"""The user's choices, kept between sessions as one small versioned JSON file."""

from __future__ import annotations

import json
import logging
import os
import tempfile
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError

from pellucid.model.view import Layout, Plane, Projection

FILE_NAME = "settings.json"
SCHEMA_VERSION = 1
RECENT_LIMIT = 12

_log = logging.getLogger(__name__)


class OwnPreset(BaseModel):
    """A window the user saved: level and width in modality values; an empty modality fits every image."""

    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)

    name: str = Field(min_length=1)
    level: float
    width: float = Field(gt=0)
    modality: str = ""


class OwnPane(BaseModel):
    """One pane of a saved layout: how it looks, never what it shows."""

    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)

    plane: Plane = Plane.AXIAL
    information: bool = False
    group: Literal["", "A", "B", "C"] = "A"
    slab: float = Field(default=0.0, ge=0)
    projection: Projection = Projection.MAXIMUM


class OwnLink(BaseModel):
    """What the panes of one group do together."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: Literal["A", "B", "C"]
    position: bool = True
    zoom: bool = False
    window: bool = False


class OwnLayout(BaseModel):
    """A layout the user saved under a name."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    version: Literal[1] = 1
    name: str = Field(min_length=1, max_length=80)
    rows: int = Field(ge=1, le=Layout.LARGEST)
    columns: int = Field(ge=1, le=Layout.LARGEST)
    panes: tuple[OwnPane, ...] = Field(max_length=Layout.LARGEST**2)
    links: tuple[OwnLink, ...] = ()


class Settings(BaseModel):
    """All settings with their defaults; assignment is validated.

    Settings that were loaded from a folder are saved there; others (those of a test) are never written.
    """

    model_config = ConfigDict(extra="ignore", validate_assignment=True, allow_inf_nan=False)

    schema_version: int = SCHEMA_VERSION
    recent: list[str] = []
    keep_recent: bool = True
    own_presets: list[OwnPreset] = []
    theme: Literal["dark", "light", "system"] = "system"
    language: str = Field(default="system", pattern=r"^(system|[a-z]{2,3}(_[A-Z]{2})?)$")
    """The code of the language of the window, or that of the system; it is read when the program starts."""
    invert_window_vertical: bool = False
    left_tool: Literal["window", "crosshair", "pan", "zoom", "scroll"] = "window"
    middle_tool: Literal["window", "crosshair", "pan", "zoom", "scroll", "nothing"] = "pan"
    right_tool: Literal["window", "pan", "zoom", "scroll", "nothing"] = "zoom"
    wheel: Literal["slices", "zoom"] = "slices"
    shift_crosshair: bool = False
    keys: dict[str, list[str]] = {}
    """The keys the user changed, by what they do; an empty list takes the key away."""
    recent_commands: list[str] = []
    interpolate: bool = True
    hide_identity: bool = False
    hanging: bool = True
    """Choose a layout that suits what is opened, unless the user chose one in the sitting."""
    layouts: list[OwnLayout] = []
    table_page: Literal["table", "plot"] = "table"
    """What of the measured objects was seen last."""
    picture_identity: bool = False
    history_budget_mb: int = Field(default=1024, ge=16)
    keep_thumbnails: bool = True
    """Keep the thumbnails of the study database; they are pictures of patients."""
    memory_share: int = Field(default=75, ge=10, le=95)
    ae_title: str = "PELLUCID"
    """What this program is called among DICOM servers."""
    nodes: list[dict[str, Any]] = []
    """The servers the user knows, without passwords; ``network.nodes`` says what is in them."""
    listener: dict[str, Any] = {}
    """How to listen when the user asks for it; ``network.nodes`` says what is in it."""
    window_geometry: str = ""
    window_state: str = ""
    last_folder: str = ""
    _file: Path | None = PrivateAttr(default=None)

    @classmethod
    def load(cls, folder: Path) -> Settings:
        """Read the settings kept in a folder; what is missing or invalid falls back to its default.

        A file that is not JSON at all is renamed to ``….broken``, so that nothing is lost.
        """
        file = folder / FILE_NAME
        settings = cls._from_values(_read(file) | {"schema_version": SCHEMA_VERSION})
        settings._file = file
        return settings

    @classmethod
    def _from_values(cls, values: dict[str, Any]) -> Settings:
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            wrong = {str(problem["loc"][0]) for problem in error.errors() if problem["loc"]}
            _log.warning("settings ignored because their values are not valid: %s", ", ".join(sorted(wrong)))
            return cls.model_validate({key: value for key, value in values.items() if key not in wrong})

    def save(self) -> None:
        """Write the settings beside the old file and swap: at any moment a whole file is there.

        Who wants no list of what was opened wants no folder of it either: folders are often named after patients.
        """
        file = self._file
        if file is None:
            return
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                left_out = None if self.keep_recent else {"recent", "last_folder"}
                stream.write(self.model_dump_json(indent=2, exclude=left_out) + "\n")
                stream.flush()
                os.fsync(stream.fileno())
            Path(name).replace(file)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    def remember(self, path: str | Path) -> None:
        """Put a path first in the list of recent ones, unless the user does not want such a list."""
        if self.keep_recent:
            entry = str(Path(path).absolute())
            self.recent = [entry, *(old for old in self.recent if old != entry)][:RECENT_LIMIT]


def _read(file: Path) -> dict[str, Any]:
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError):
        values = None
    if isinstance(values, dict):
        return values
    _set_aside(file)
    return {}


def _set_aside(file: Path) -> None:
    aside = file.with_name(file.name + ".broken")
    try:
        file.replace(aside)
    except OSError:
        _log.warning("the settings file could not be read; defaults are used")
    else:
        _log.warning("the settings file could not be read; it is kept as %s, defaults are used", aside.name)
