"""What a registration is about: which image stays, which moves, where to look, and how."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.layer import ImageLayer, LabelLayer, Provenance
from pellucid.session.inputs import Choice, LabelVoxels
from pellucid.session.registration_words import PLACED, stages_title

if TYPE_CHECKING:
    from pellucid.operations.engines.registration.plans import Plan, Stage
    from pellucid.session.session import Session

OPERATION = "registration.register"

@dataclass(frozen=True)
class Setup:
    """What the user chose; layers by their ids, masks as (layer id, label), an empty text where nothing was chosen.

    ``stages`` are the user's own; none takes those of the preset. ``start`` is one of a plan, or ``placed``.
    """

    fixed: str = ""
    moving: str = ""
    fixed_mask: Choice | None = None
    moving_mask: Choice | None = None
    preset: str = ""
    stages: tuple[Stage, ...] = ()
    start: str = ""
    seed: int = 1


class Choosing:
    """Keeps what the user chose, and proposes the rest."""

    changed = Signal()
    """Emitted when something else is chosen or can be chosen."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.setup = Setup()
        session.document.inserted.connect(lambda _layer: self.propose())
        session.document.removed.connect(lambda _layer: self.propose())

    def images(self) -> tuple[ImageLayer, ...]:
        """Return the images that can be registered."""
        loading = self._session.loading
        return tuple(image for image in self._session.document.images if not loading.is_placeholder(image))

    @property
    def fixed(self) -> ImageLayer | None:
        """Return the image that stays."""
        return self._image(self.setup.fixed)

    @property
    def moving(self) -> ImageLayer | None:
        """Return the image that is brought onto it."""
        return self._image(self.setup.moving)

    def masks(self, image: ImageLayer | None) -> tuple[tuple[str, Choice], ...]:
        """Return (title, choice) of the labels that can say where to look at an image."""
        found: list[tuple[str, Choice]] = []
        for layer in self._session.placing.followers(image) if image is not None else ():
            found.append((tr("{layer}: all labels", layer=layer.name), (layer.id, 0)))
            found.extend((f"{layer.name}: {label.name}", (layer.id, label.value)) for label in layer.labels.labels)
        return tuple(found)

    def choose(self, **changes: Any) -> None:
        """Choose otherwise; an image that is chosen twice gives its place to the one that was there."""
        before, now = self.setup, replace(self.setup, **changes)
        if now.fixed == now.moving != "":
            now = replace(now, fixed=before.moving, moving=before.fixed)
        if now.fixed != before.fixed:
            now = replace(now, fixed_mask=None)
        if now.moving != before.moving:
            now = replace(now, moving_mask=None, start=now.start if "start" in changes else "")
        if now != before:
            self.setup = now
            self.changed.emit()

    def swap(self) -> None:
        """Exchange the two images, with their masks."""
        now = self.setup
        self.setup = replace(now, fixed=now.moving, moving=now.fixed, fixed_mask=now.moving_mask,
                             moving_mask=now.fixed_mask, start="")  # fmt: skip
        self.changed.emit()

    def propose(self) -> None:
        """Choose images where the user has not, or one is gone: the lowest stays, the next above it moves."""
        ids, now = [image.id for image in self.images()], self.setup
        fixed = now.fixed if now.fixed in ids else next((id for id in ids if id != now.moving), "")
        moving = now.moving if now.moving in ids else next((id for id in ids if id != fixed), "")
        masks = [choice for image in (fixed, moving) for _title, choice in self.masks(self._image(image))]
        fixed_mask, moving_mask = (mask if mask in masks else None for mask in (now.fixed_mask, now.moving_mask))
        self.setup = replace(now, fixed=fixed, moving=moving, fixed_mask=fixed_mask, moving_mask=moving_mask)
        self.changed.emit()

    @property
    def preset(self) -> str:
        """Return the preset in force: the one chosen, or the one that suits the kinds of the two images."""
        fixed, moving = self.fixed, self.moving
        if self.setup.preset or fixed is None or moving is None:
            return self.setup.preset or "rigid"
        kinds = {image.volume.acquisition.modality for image in (fixed, moving)}
        if fixed.volume.is_colour and moving.volume.is_colour:
            return "histology"
        same = len(kinds) == 1 and "MR" not in kinds  # MR is many kinds: T1 and T2 are not alike
        return "rigid" if same and (kinds != {""} or fixed.geometry.is_planar) else "rigid_mi"

    @property
    def start(self) -> str:
        """Return the start in force: the one chosen, or where the moving image was put by hand; else the preset's."""
        moving = self.moving
        placement = moving.placement if moving is not None else None
        if self.setup.start == PLACED and placement is None:
            return ""
        step = placement.step if placement is not None else None
        by_hand = placement is not None and (step is None or bool(step.parameters.get("initial")))
        return self.setup.start or (PLACED if by_hand else "")

    @property
    def preset_plan(self) -> Plan:
        """Return what the preset in force would do."""
        from pellucid.operations.engines.registration.plans import PRESETS

        return PRESETS[self.preset].plan

    @property
    def plan(self) -> Plan:
        """Return what is to be done."""
        plan, start = self.preset_plan, self.start
        return replace(
            plan, stages=self.setup.stages or plan.stages,
            start="identity" if start == PLACED else start or plan.start,  # type: ignore[arg-type]
        )  # fmt: skip

    def why_not(self) -> str:
        """Return the sentence that says why nothing can be registered now, or nothing."""
        try:
            self.pair()
        except Refused as refusal:
            return str(refusal)
        return ""

    def _image(self, id: str) -> ImageLayer | None:
        return next((image for image in self.images() if image.id == id), None)

    def pair(self) -> tuple[ImageLayer, ImageLayer]:
        """Return the two images; raise Refused where they cannot be registered."""
        fixed, moving = self.fixed, self.moving
        if fixed is None or moving is None or fixed is moving:
            raise Refused(tr("Registration needs two images: open a second one over the first."))
        flat = [image.volume.geometry.size[2] == 1 for image in (fixed, moving)]
        if flat[0] != flat[1]:
            one, other = (fixed, moving) if flat[0] else (moving, fixed)
            raise Refused(tr("“{flat}” is a single slice and “{deep}” a volume. Choose two pictures or two volumes.",
                             flat=one.name, deep=other.name))  # fmt: skip
        if fixed.placement is not None and not fixed.placement.is_linear:
            raise Refused(tr("“{name}” was bent by a registration. Resample it to its grid before it stays fixed.",
                             name=fixed.name))  # fmt: skip
        return fixed, moving

    # ---------------------------------------------------------------- for the one who runs it

    @property
    def continues(self) -> bool:
        """Return whether it starts where the moving image lies."""
        return self.start == PLACED

    @property
    def how(self) -> str:
        """Return the transforms in words."""
        return stages_title(self.plan.stages)

    def mask_voxels(self) -> tuple[LabelVoxels | None, LabelVoxels | None]:
        """Return the masks of the fixed and the moving image as they are now, on their own grids."""
        return self._voxels(self.setup.fixed_mask), self._voxels(self.setup.moving_mask)

    def _voxels(self, choice: Choice | None) -> LabelVoxels | None:
        layer = self._session.document.find(choice[0]) if choice is not None else None
        if choice is None or not isinstance(layer, LabelLayer):
            return None
        taken = self._session.running.inputs.taken(choice)
        self._session.running.inputs.forget()
        return LabelVoxels(taken.kept, choice[1], layer.labels.geometry) if isinstance(taken, LabelVoxels) else None

    def step(self) -> Provenance | None:
        """Return the operation that does the same without a window; None where none does."""
        from pellucid.operations.engines.registration.plans import stages_text

        now, (fixed, moving) = self.setup, self.pair()
        initial = self._initial_text(moving) if self.continues else ""
        unclear = now.moving_mask is not None and now.fixed_mask is None  # inputs are told by their order
        if initial is None or unclear:
            return None
        parameters = {"preset": self.preset, "start": now.start or "preset", "seed": now.seed, "initial": initial}
        if now.stages:
            parameters |= {"preset": "own", "stages": stages_text(now.stages), "start": self.plan.start}
        if self.continues:
            parameters["start"] = "identity"
        masks = tuple(self._mask_name(choice) for choice in (now.fixed_mask, now.moving_mask) if choice is not None)
        return Provenance(OPERATION, parameters, (moving.name, fixed.name, *masks))

    def _initial_text(self, moving: ImageLayer) -> str | None:
        from pellucid.operations.engines.registration.texts import transform_text

        placement = moving.placement
        if placement is None or not placement.is_linear:
            return None
        return transform_text(placement.transform)

    def _mask_name(self, choice: Choice) -> str:
        layer = self._session.document.find(choice[0])
        assert isinstance(layer, LabelLayer)
        return f"{layer.labels.label(choice[1]).name} – {layer.name}" if choice[1] else layer.name
