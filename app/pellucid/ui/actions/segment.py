"""The menu Segment: labels."""

from __future__ import annotations

from pellucid.ui.actions.entry import Entry, needs_image, needs_labels

ROWS: tuple[Entry, ...] = (
    Entry("segment.labels", "Segment", "New &label layer", lambda w: w.new_label_layer(), (), "layers-plus",
          needs_image),
    Entry("segment.show", "Segment", "&Show labels", lambda w: w.canvas_in_use().toggle_labels(), ("G",),
          icon="eye-outline", why_not=needs_labels,
          shown_only=True),
    Entry("segment.table", "Segment", "&Table of objects", lambda w: w.show_dock("Table"), (), "table-large",
          tip="Every label or object with its size, shape, values and texture; plots, export, batch", separator=True),
)  # fmt: skip
