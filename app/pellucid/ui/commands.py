"""Everything the command palette offers: actions, operations, windows, docks and layers, as they are now."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from pellucid.language import tr
from pellucid.model.layer import ImageLayer, Layer
from pellucid.ui.actions.table import TABLE
from pellucid.ui.canvas.key_book import ON_PANE, menu_path, plain_title, shown
from pellucid.ui.canvas.keys import ACTIONS
from pellucid.ui.docks import presets
from pellucid.ui.matching import fit

if TYPE_CHECKING:
    from pellucid.operations.operation import Operation
    from pellucid.ui.main_window import MainWindow

_RECENT = 6
_ALWAYS_THERE = ("help.palette",)
_DIGITS = "preset."


@dataclass(frozen=True)
class Command:
    """One thing to do: words for it, where it stands, its key, why it cannot be done now (``""``: it can)."""

    id: str
    title: str
    where: str
    run: Callable[[], object]
    key: str = ""
    icon: str = ""
    why_not: str = ""
    words: str = ""


def gather(window: MainWindow, operations: Mapping[str, Operation]) -> tuple[Command, ...]:
    """Return all commands of a window, in the order of menus, operations, windows, docks and layers."""
    return (
        *_actions(window), *_pane_actions(window), *_operations(window, operations.values()), *_presets(window),
        *_docks(window), *_layers(window),
    )  # fmt: skip


def ranked(commands: Iterable[Command], query: str, recent: Iterable[str]) -> list[Command]:
    """Return the commands that fit a query, the best first; without one those used lately, then all.

    What was used lately goes before what fits as well, what cannot be done now after it.
    """
    order = {name: n for n, name in enumerate(recent)}
    if not query.strip():
        return sorted(commands, key=lambda c: (order.get(c.id, len(order)), bool(c.why_not) and c.id not in order))
    found = []
    for n, command in enumerate(commands):
        points = fit(query, command.title, f"{command.where} {command.words} {command.key}")
        if points is not None:
            lately = 8 - order[command.id] if command.id in order else 0
            found.append((-(points + lately - (5 if command.why_not else 0)), n, command))
    return [command for _points, _n, command in sorted(found, key=lambda row: row[:2])]


def remember(window: MainWindow, command: Command) -> None:
    """Put a command first among those used lately."""
    settings = window.session.settings
    settings.recent_commands = [command.id, *(c for c in settings.recent_commands if c != command.id)][:_RECENT]


def _actions(window: MainWindow) -> Iterator[Command]:
    table = window.actions_table
    for entry in TABLE:
        if entry.id in _ALWAYS_THERE:
            continue
        yield Command(
            entry.id,
            plain_title(entry, window.session),
            menu_path(entry),
            table.by_id[entry.id].trigger,
            shown(table.keys.of_entry(entry)[:1]),
            entry.icon,
            entry.why_not(window.session),
            entry.tip_now(window.session),
        )


def _pane_actions(window: MainWindow) -> Iterator[Command]:
    """Yield what only keys on the image do, one of each title, for the pane in use."""
    said = {plain_title(entry, window.session) for entry in TABLE}
    pane, book = window.canvas.pane_in_use(), window.actions_table.keys
    for action in ACTIONS:
        if tr(action.title) in said or action.release is not None or action.name.startswith(_DIGITS):
            continue
        said.add(tr(action.title))
        key = shown(book.keys(f"pane.{action.name}")[:1])
        if pane is None:
            yield Command(
                f"pane.{action.name}", tr(action.title), tr(ON_PANE), _nothing, key, why_not=tr("Open an image first.")
            )
        else:
            run = partial(action.choose, window.canvas, pane)
            yield Command(f"pane.{action.name}", tr(action.title), tr(ON_PANE), run, key)


def _operations(window: MainWindow, operations: Iterable[Operation]) -> Iterator[Command]:
    for operation in operations:
        dock = operation.menu.split("/")[0]
        dock = dock if dock in window.docks else "Filters"
        run = partial(window.show_operation, dock, operation.id)
        words = " ".join((*operation.keywords, operation.title, tr(operation.help)))
        yield Command(
            f"operation.{operation.id}", tr(operation.title), f"{tr(dock)} ▸ {tr(operation.family)}", run,
            icon="tune-variant", words=words,
        )  # fmt: skip


def _presets(window: MainWindow) -> Iterator[Command]:
    session = window.session
    image = session.document.active_image
    if image is None or image.volume.is_colour:
        return
    volume, digits = image.volume, presets.with_keys(image.volume, session.settings.own_presets)
    for preset in (*presets.of_file(volume), *presets.of_modality(volume),
                   *presets.own(volume, session.settings.own_presets)):  # fmt: skip
        key = str(digits.index(preset) + 1) if preset in digits else ""
        run = partial(presets.apply, session, image, preset)
        yield Command(f"window.{preset.kind}.{preset.name}", preset.name, tr("Window preset"), run, key, "contrast-box",
                      words=f"{preset.source} level")  # fmt: skip


def _docks(window: MainWindow) -> Iterator[Command]:
    for name in window.docks:
        yield Command(f"dock.{name}", tr(name), tr("Dock"), partial(window.show_dock, name), icon="dock-right")


def _layers(window: MainWindow) -> Iterator[Command]:
    for layer in reversed(window.session.document.layers):
        icon = "image-outline" if isinstance(layer, ImageLayer) else "layers-outline"
        run = partial(_make_active, window, layer)
        yield Command(f"layer.{layer.id}", layer.name, tr("Layer"), run, icon=icon, words=tr("make active"))


def _make_active(window: MainWindow, layer: Layer) -> None:
    if layer in window.session.document:
        window.session.document.active = layer


def _nothing() -> None:
    """Do nothing: the command says why."""
