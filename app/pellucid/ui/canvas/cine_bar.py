"""The bar below the panes that plays time series and stacks of slices; hidden when there is nothing to play."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from pellucid.language import mark, tr
from pellucid.model.timing import Timing
from pellucid.session.playing import FASTEST, SLOWEST, Order
from pellucid.session.tracks import FrameTrack, Track
from pellucid.ui import theme
from pellucid.ui.canvas.cine_clock import CineClock
from pellucid.ui.docks.parts import described, flat_button
from pellucid.ui.docks.watching import LayerWatch
from pellucid.ui.forms.controls import NumberBox, Segmented, ValueSlider
from pellucid.ui.forms.numbers import Bounds, Scale
from pellucid.ui.forms.throttle import Throttle

if TYPE_CHECKING:
    from pellucid.session import Session
    from pellucid.ui.canvas.canvas_area import CanvasArea

_ORDERS = {
    Order.LOOP: ("repeat", mark("Loop: begin again after the last frame (Shift+C changes it)")),
    Order.BOUNCE: ("swap-horizontal", mark("Bounce: forwards and backwards (Shift+C changes it)")),
    Order.ONCE: ("arrow-collapse-right", mark("Once: stop at the last frame (Shift+C changes it)")),
}


class CineBar(QWidget):
    """Play, slider, place, rate and order of what ``session.playing`` plays."""

    def __init__(self, session: Session, canvas: CanvasArea, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._canvas, self._playing = session, canvas, session.playing
        self.setObjectName("cine")
        self.setAccessibleName(tr("Cine"))
        self.setProperty("panel", True)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.clock = CineClock(session.playing, self)
        self._key: tuple[object, ...] = ()
        self._watch = LayerWatch(self._layer_changed)
        self._tell_rate = Throttle(self._show_rate, 500, self)
        self._make_controls()
        self._lay_out()
        self._connect()
        self.refresh()

    # ---------------------------------------------------------------- building

    def _make_controls(self) -> None:
        playing = self._playing
        self.play = flat_button("play", tr("Play"), self.toggle, tip=tr("Play (C)"))
        self.slider = ValueSlider(Scale(0, 1, whole=True))
        described(self.slider, tr("Cine position"), tr("Drag to look through the frames"))
        self.place = QLabel(alignment=Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.place.setFont(theme.figures(self.place.font()))
        self.place.setAccessibleName(tr("Cine place"))
        self.rate = NumberBox(Bounds(SLOWEST, FASTEST), 1.0, tr("frames per s"))
        self.rate.setFixedWidth(56)
        self.rate.setAccessibleName(tr("Frames per second"))
        self.unit = QLabel()
        self.unit.setProperty("dim", True)
        self.unit.setFont(theme.figures(self.unit.font()))
        self.order = flat_button("repeat", tr("Order"), playing.next_order)
        self.what = Segmented(((tr("Time"), False), (tr("Slices"), True)))
        self.what.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        described(self.what.buttons[0], tr("Play the frames of the series"))
        described(self.what.buttons[1], tr("Play the slices of the pane"))
        self.close_button = flat_button("close", tr("Close cine"), lambda: playing.choose_slices(False))

    def _lay_out(self) -> None:
        line = QHBoxLayout(self)
        line.setContentsMargins(theme.MARGIN, theme.GRID, theme.MARGIN, theme.GRID)
        line.setSpacing(theme.MARGIN)
        for widget in (self.play, self.slider, self.place, self.rate, self.unit, self.order, self.what,
                       self.close_button):  # fmt: skip
            line.addWidget(widget, 1 if widget is self.slider else 0)

    def _connect(self) -> None:
        document, playing = self._session.document, self._playing
        self.slider.moved.connect(lambda place: playing.go(round(place)))
        self.rate.edited.connect(playing.set_rate)
        self.what.chosen.connect(self._choose)
        playing.changed.connect(self.refresh)
        for signal in (document.active_changed, document.inserted, document.removed):
            signal.connect(self.refresh)
        self._session.view.events.connect(self._view_changed)
        self._canvas.pane_changed.connect(self._pane_changed)
        self._canvas.slices_changed.connect(self._show_place)

    # ---------------------------------------------------------------- from the user

    def toggle(self) -> None:
        """Play or pause what is meant now."""
        self._take_pane()
        self._playing.toggle()

    def _choose(self, slices: bool) -> None:
        self._take_pane()
        self._playing.choose_slices(slices)

    def _take_pane(self) -> None:
        pane = self._canvas.pane_in_use()
        if pane is not None and not self._playing.is_playing:
            self._playing.pane = pane.state

    def _pane_changed(self) -> None:
        if self._playing.slices_wanted and not self._playing.is_playing:
            self._take_pane()
            self.refresh()

    # ---------------------------------------------------------------- from the session

    def _layer_changed(self, what: str) -> None:
        if what == "frames":
            self.refresh()
        elif what == "frame":
            self._show_place()

    def _view_changed(self, info: Any) -> None:
        if info.signal.name in ("layout", "maximised"):
            self.refresh()

    def refresh(self, *_args: object) -> None:
        """Show what can be played and how; nothing to play hides the bar."""
        playing, track = self._playing, self._playing.track()
        self._watch.on(self._session.document.active_image)
        self.setVisible(track is not None and track.count > 1)
        if track is None:
            return
        on = playing.is_playing
        self.play.setIcon(theme.icon("pause" if on else "play"))
        described(self.play, tr("Pause") if on else tr("Play"), tr("Pause (C)") if on else tr("Play (C)"))
        glyph, tip = _ORDERS[playing.order]
        self.order.setIcon(theme.icon(glyph))
        described(self.order, tr("Order"), tr(tip))
        both = playing.frame_track() is not None and playing.slice_track() is not None
        self.what.setVisible(both)
        self.what.set_value(playing.slices_wanted)
        self.close_button.setVisible(not both and playing.slices_wanted)
        if track.key != self._key:
            self._key = track.key
            self.slider.set_scale(Scale(0, track.count - 1, whole=True))
            self._fit_place(track)
        self._show_place()
        self._show_rate()

    def _fit_place(self, track: Track) -> None:
        """Give the place a width that no frame changes."""
        timing = self._playing.timing(track)
        digits = [place_text(n, track, timing) for n in {0, track.count // 2, track.count - 1}]
        widest = max(self.place.fontMetrics().horizontalAdvance(text) for text in digits)
        self.place.setFixedWidth(widest + theme.MARGIN)

    def _show_place(self) -> None:
        track = self._playing.track()
        if track is None or self.isHidden():
            return
        place = track.place
        self.slider.set_value(place)
        self.place.setText(place_text(place, track, self._playing.timing(track)))
        if self._playing.is_playing:
            self._tell_rate.request()

    def _show_rate(self) -> None:
        track = self._playing.track()
        if track is None:
            return
        wanted, shown = self._playing.rate(), self._playing.achieved()
        if not self.rate.hasFocus():
            self.rate.set_value(float(f"{wanted:.3g}"))
        self.unit.setText(rate_text(wanted, shown))
        self.rate.set_tip(rate_tip(self._playing.timing(track), self._playing.speed))


def place_text(place: int, track: Track, timing: Timing) -> str:
    """Return ``12/40 · 0.48 s``; without known times ``12/40``."""
    text = f"{place + 1}/{track.count}"
    if not isinstance(track, FrameTrack) or timing.times is None:
        return text
    last = timing.times[-1]
    figures = 3 if last < 1 else 2 if last < 100 else 1 if last < 1000 else 0
    return f"{text} · {timing.times[place]:.{figures}f} s"


def rate_text(wanted: float, shown: float | None) -> str:
    """Return what stands behind the rate: the rate that is really shown when it is clearly less."""
    if shown is not None and shown < 0.9 * wanted:
        return tr("frames/s, shown {shown:.0f}/s", shown=shown)
    return tr("frames/s")


def rate_tip(timing: Timing, speed: float) -> str:
    """Return where the rate comes from, and how it was changed."""
    if abs(speed - 1.0) < 1e-3:
        return f"{timing.sentence}.\n" + tr("Slower and faster: < and >")
    played = tr("Played {speed:.3g} times as fast. Slower and faster: < and >", speed=speed)
    return f"{timing.sentence}.\n{played}"
