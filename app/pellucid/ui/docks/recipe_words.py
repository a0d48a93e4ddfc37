"""What the recipe says of a layer and of steps that have no form."""

from __future__ import annotations

from pellucid.language import tr, tr_count
from pellucid.model.layer import HAND_EDIT, LabelLayer
from pellucid.recipes import own_steps
from pellucid.session.chains import Chain


def subject(chain: Chain) -> str:
    """Return whose steps these are."""
    if isinstance(chain.layer, LabelLayer):
        return f"{chain.layer.labels.label(chain.label).name} – {chain.layer.name}"
    return chain.layer.name


def note(chain: Chain, n: int) -> str:
    """Return what is said of a step that has no form."""
    step = chain.steps[n]
    own = own_steps.find(step.operation)
    if step.operation == HAND_EDIT:
        voxels = tr_count(
            "{count:,} voxel", "{count:,} voxels", sum(int(patch.changed().sum()) for patch in step.patches)
        )
        return tr(
            "{voxels} were changed by hand. They stay as they are when earlier steps change, and are not transferable "
            "to other images.",
            voxels=voxels,
        )
    if own is None:
        return tr("This Pellucid does not know the step “{operation}”.", operation=step.operation)
    if own.why_not:
        return tr(own.why_not, number=n + 1)
    return tr("This step has no settings. It can be switched off, removed, or taken again on another image.")
