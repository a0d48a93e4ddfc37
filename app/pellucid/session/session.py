"""The session owns document, view, history, jobs, settings and library, and says what happened."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from psygnal import Signal

from pellucid.history.history import History
from pellucid.history.layers import MoveLayer, RemoveLayer, SetLayerField
from pellucid.jobs.job import Job
from pellucid.jobs.runner import Runner
from pellucid.language import tr
from pellucid.model.document import Document
from pellucid.model.layer import Layer, unique_name
from pellucid.model.view import Layout, Tool, ViewState
from pellucid.session import picking
from pellucid.session.agreeing import Agreeing
from pellucid.session.aligning import Aligning
from pellucid.session.appearance import Appearance
from pellucid.session.arranging import Arranging
from pellucid.session.batching import Batching
from pellucid.session.channels import Channels
from pellucid.session.comparing import Comparing
from pellucid.session.concealing import Concealing
from pellucid.session.consenting import Consenting
from pellucid.session.curving import Curving
from pellucid.session.deidentifying import Deidentifying
from pellucid.session.drawn_contours import DrawnContours
from pellucid.session.editing import Editing
from pellucid.session.evolving import Evolving
from pellucid.session.filling import Filling
from pellucid.session.framing import Framing
from pellucid.session.fusing import Fusing
from pellucid.session.hand_placing import HandPlacing
from pellucid.session.hardening import Hardening
from pellucid.session.judging import Judging
from pellucid.session.label_objects import LabelObjects
from pellucid.session.label_tables import LabelTables
from pellucid.session.labelling import Labelling
from pellucid.session.landmarks import Landmarks
from pellucid.session.library import Library
from pellucid.session.linking import Linking
from pellucid.session.loading import Loading
from pellucid.session.looking import Looking
from pellucid.session.measuring import Measuring
from pellucid.session.objects import Objects
from pellucid.session.outlining import Outlining
from pellucid.session.own_layouts import OwnLayouts
from pellucid.session.placing import Placing
from pellucid.session.playing import Playing
from pellucid.session.pointing import Pointing
from pellucid.session.presenting import Presenting
from pellucid.session.recipes import Recipes
from pellucid.session.registering import Registering
from pellucid.session.reports import Reports
from pellucid.session.resplitting import Resplitting
from pellucid.session.running import Running
from pellucid.session.saving import Saving
from pellucid.session.seeding import Seeding
from pellucid.session.servers import Servers
from pellucid.session.slice_copies import SliceCopies
from pellucid.session.spatial_registrations import SpatialRegistrations
from pellucid.session.stitching import Stitching
from pellucid.session.study_index import StudyIndex
from pellucid.session.tag_reading import TagReading
from pellucid.session.transforms import Transforms
from pellucid.session.uptaking import Uptaking
from pellucid.session.viewing import Viewing
from pellucid.session.wand import Wand
from pellucid.settings import Settings


def _nothing_visible() -> tuple[tuple[int, int], ...]:
    return ()


class Session:
    """One sitting at the workbench, with or without a window.

    All methods are called on the main thread and return at once; slow work happens in jobs whose answers arrive
    on the main thread through ``jobs.post``. Without a window ``jobs.drain()`` waits for them.
    """

    notice = Signal(str, str)
    """Emitted with a sentence for the user and its severity: info, warning or error."""
    offer = Signal(str, str, object)
    """Emitted with a sentence, the words of a button and what it does: something the user may want next."""
    asked_to_open = Signal()
    """Emitted when the user asks for something else to be opened: what was said of things before is old."""
    first_slice = Signal(object)
    """Emitted with a layer of the first slice of what is loading, and with None when it has had its time. It is in
    the document only where nothing else is open."""
    preview_state = Signal(str)
    """Emitted with ``""``, ``"computing"``, ``"shown"`` or the sentence that says why there is no preview."""
    title_changed = Signal()
    """Emitted when the name of the work or its clean state changed."""
    recent_changed = Signal()
    habits_changed = Signal()
    """Emitted when what the settings say of keys or the mouse changed."""
    sources_missing = Signal(object, object)
    """Emitted with the path and the state of a saved work whose sources are not where they were; whoever listens
    calls ``saving.resume``."""

    too_large = Signal(object)
    """Emitted with an ``Oversize`` when an image needs more memory than it may have; it may be opened reduced."""

    versions_asked = Signal(object)
    """Emitted with an ``Undecided`` when versions of an image contradict each other; whoever listens has one chosen."""
    spacing_asked = Signal(object)
    """Emitted with an image layer whose spacing the user wants to state by ``respacing.set_spacing``."""

    def __init__(self, settings: Settings | None = None, jobs: Runner | None = None) -> None:
        self.settings = settings or Settings()
        self.document = Document()
        self.view = ViewState(
            layout=Layout.QUAD, hide_identity=self.settings.hide_identity, tool=Tool(self.settings.left_tool)
        )
        self.jobs = jobs or Runner()
        self.history = History(self.document, budget_bytes=self.settings.history_budget_mb << 20)
        self.library = Library(self.jobs)
        self.studies = StudyIndex(self)
        self.loading = Loading(self)
        self.running = Running(self)
        self.evolving = Evolving(self)
        self.batching = Batching(self)
        self.recipes = Recipes(self)
        self.editing = Editing(self)
        self.aligning = Aligning(self)
        self.stitching = Stitching(self)
        self.labelling = Labelling(self)
        self.label_tables = LabelTables(self)
        self.outlining = Outlining(self)
        self.filling = Filling(self)
        self.wand = Wand(self)
        self.slice_copies = SliceCopies(self)
        self.looking = Looking(self)
        self.appearance = Appearance(self)
        self.measuring = Measuring(self)
        self.objects = Objects(self)
        self.saving = Saving(self)
        self.uptaking = Uptaking(self)
        self.viewing = Viewing(self)
        self.pointing = Pointing()
        self.tags = TagReading(self)
        self.servers = Servers(self)
        self.framing = Framing()
        self.seeding = Seeding()
        self.placing = Placing(self)
        self.transforms = Transforms(self)
        self.hardening = Hardening(self)
        self.playing = Playing(self)
        self.curving = Curving(self)
        self.comparing = Comparing(self)
        self.agreeing = Agreeing(self)
        self.judging = Judging(self)
        self.channels = Channels(self)
        self.consenting = Consenting(self)
        self.linking = Linking(self)
        self.registering = Registering(self)
        self.hand_placing = HandPlacing(self)
        self.landmarks = Landmarks(self)
        self.fusing = Fusing(self)
        self.spatial_registrations = SpatialRegistrations(self)
        self.label_objects = LabelObjects(self)
        self.drawn_contours = DrawnContours(self)
        self.presenting = Presenting(self)
        self.reports = Reports(self)
        self.resplitting = Resplitting(self)
        self.arranging = Arranging(self)
        self.own_layouts = OwnLayouts(self)
        self.concealing = Concealing(self)
        self.deidentifying = Deidentifying(self)
        self.visible_slices: Callable[[], tuple[tuple[int, int], ...]] = _nothing_visible
        """Return (voxel axis, slice index) of every slice on the screen; the window replaces this."""
        self.slice_in_use: Callable[[], tuple[int, int] | None] = lambda: None
        """Return (voxel axis, slice index) of the one slice the user is at; the window replaces this."""
        self._said_unkept = False
        self.history.settle = self.labelling.end_stroke
        self.history.changed.connect(self.title_changed.emit)

    # ---------------------------------------------------------------- opening

    def open(self, paths: Iterable[str | Path]) -> Job | None:
        """Look for images in files and folders; show the first one if nothing is open, or the only file named."""
        self.asked_to_open.emit()
        roots = [Path(path).absolute() for path in paths]
        missing = [root for root in roots if not root.exists()]
        for root in missing:
            self.notice.emit(
                tr("“{name}” is not there any more. Check the path or the drive.", name=root.name), "error"
            )
        roots = [root for root in roots if root not in missing]
        if not roots:
            return None
        if roots[0].suffix.lower() == ".pellucid":
            return self.saving.open_workspace(roots[0])
        self.remember(roots)
        return self.library.scan(roots, lambda found: picking.show_found(self, found, roots))

    def open_demo(self) -> Job:
        """Make the demo study if need be and open it."""

        def work(job: Job) -> Path:
            from pellucid.files.demo import demo_study

            return demo_study()

        def done(folder: Path) -> None:
            self.library.scan([folder], lambda found: picking.show_found(self, found, [folder]))

        return self.jobs.load(tr("Making the demo study"), work, done, lambda text: self.notice.emit(text, "error"))

    def open_study(self, uid: str) -> None:
        """Open a study of the library: its images as a rule hangs them, else its largest series."""
        picking.open_study(self, uid)

    def remember(self, roots: list[Path]) -> None:
        """Put paths on top of the list of recent ones."""
        for root in reversed(roots):
            self.settings.remember(root)
        self.keep_settings()
        self.recent_changed.emit()

    def keep_settings(self) -> None:
        """Write the settings; where that cannot be (a full disk, a folder of another user) work goes on, said once."""
        try:
            self.settings.save()
        except OSError as error:
            if not self._said_unkept:
                self._said_unkept = True
                why = error.strerror or type(error).__name__
                said = tr("Your settings cannot be kept ({why}). Check the settings folder and the disk.", why=why)
                self.notice.emit(said, "warning")

    def recent(self) -> tuple[Path, ...]:
        """Return what was opened lately and still exists, newest first."""
        return tuple(path for path in map(Path, self.settings.recent) if path.exists())

    def centre_crosshair(self) -> None:
        """Put the crosshair into the middle of the reference grid."""
        reference = self.document.reference
        if reference is not None:
            index = [(n - 1) // 2 for n in reference.size]
            x, y, z = (float(c) for c in reference.index_to_world(index))
            self.view.crosshair = (x, y, z)
            self.linking.centre()

    def close_all(self) -> None:
        """Close every layer and forget the history; the library stays. What is still being computed is dropped."""
        self.playing.pause()
        self.loading.cancel()
        self.running.cancel()
        self.looking.cancel()
        self.labelling.end_stroke()
        self.comparing.stop()
        self.document.annotations.clear()
        for layer in reversed(self.document.layers):
            self.document.remove(layer)
        self.viewing.forget()
        self.recipes.forget()
        self.history.clear()
        self.history.mark_clean()
        self.saving.forget()
        self.title_changed.emit()

    # ---------------------------------------------------------------- layers and history

    def rename(self, layer: Layer, name: str) -> None:
        """Rename a layer as one step; an empty or unchanged name does nothing."""
        name = name.strip()
        if name and name != layer.name and not self.loading.is_placeholder(layer):
            others = {other.name for other in self.document.layers if other is not layer}
            self.history.do(
                SetLayerField(layer, "name", unique_name(name, others), tr("Rename {name}", name=layer.name))
            )

    def remove(self, layer: Layer) -> None:
        """Remove a layer as one step; the first slice of what is still being opened goes with its loading."""
        if self.loading.is_placeholder(layer):
            self.loading.cancel()
        else:
            self.history.do(RemoveLayer(layer))

    def move(self, layer: Layer, position: int) -> None:
        """Move a layer to another position (0 is the bottom) as one step."""
        if self.document.position(layer) != position:
            self.history.do(MoveLayer(layer, position))

    def undo(self) -> None:
        """Undo the last step, if there is one."""
        self.labelling.end_stroke()
        if self.history.can_undo:
            self.running.clear_preview()
            self.history.undo()

    def redo(self) -> None:
        """Redo the step last undone, if there is one."""
        self.labelling.end_stroke()
        if self.history.can_redo:
            self.running.clear_preview()
            self.history.redo()

    def jump(self, position: int) -> None:
        """Go to a position of the history: 0 is before the first step."""
        self.labelling.end_stroke()
        self.running.clear_preview()
        self.history.jump(position)

    @property
    def is_clean(self) -> bool:
        """Return whether nothing would be lost by closing."""
        return not self.editing.is_recording and (self.history.is_clean or not self.saving.has_work())

    @property
    def title(self) -> str:
        """Return the name of the work; never a patient's name."""
        path = self.saving.path
        return path.stem if path is not None else tr("Untitled")

    def close(self) -> None:
        """Stop all jobs and keep the settings."""
        self.servers.listener.close()
        self.jobs.cancel_all()
        self.jobs.close()
        self.studies.close()
        self.reports.close()
        self.keep_settings()
