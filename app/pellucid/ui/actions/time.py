"""Cine in the menu View: play, order, speed and single frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.language import tr
from pellucid.ui.actions.entry import Entry

if TYPE_CHECKING:
    from pellucid.session import Session


def _needs_frames(session: Session) -> str:
    return "" if session.playing.frame_track() is not None else tr("The active image has one frame.")


def _needs_track(session: Session) -> str:
    playing = session.playing
    return "" if playing.frame_track() or playing.slice_track() else tr("There are no frames and no slices to play.")


ROWS: tuple[Entry, ...] = (
    Entry("cine.play", "View", "&Play or pause", lambda w: w.cine.toggle(), ("C",), "play", _needs_track,
          checked=lambda s: s.playing.is_playing, separator=True, shown_only=True,
          tip="Play the frames of a series, or the slices of the pane"),
    Entry("cine.order", "View", "&Loop, bounce or once", lambda w: w.session.playing.next_order(), ("Shift+C",),
          why_not=_needs_track, shown_only=True),
    Entry("cine.slower", "View", "Play slo&wer", lambda w: w.session.playing.change_speed(-1), ("<",),
          why_not=_needs_track, shown_only=True),
    Entry("cine.faster", "View", "Play fas&ter", lambda w: w.session.playing.change_speed(1), (">",),
          why_not=_needs_track, shown_only=True),
    Entry("cine.next", "View", "&Next frame", lambda w: w.session.playing.step_frame(1), ("Shift+Right",),
          why_not=_needs_frames, shown_only=True),
    Entry("cine.previous", "View", "Previous frame", lambda w: w.session.playing.step_frame(-1), ("Shift+Left",),
          why_not=_needs_frames, shown_only=True),
)  # fmt: skip
