"""The strip above the panes: offers wait for an answer and are taken back when they have no sense any more."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication

from canvas_bench import make_layer
from hands import User
from pellucid.ui import theme


@pytest.fixture
def user(qtbot):
    import numpy as np

    user = User(qtbot, (1280, 720))
    user.layer = make_layer(np.zeros((4, 8, 8), np.int16), limits=(0.0, 1.0))
    user.session.document.insert(0, user.layer)
    yield user
    user.leave()


def test_an_offer_is_taken_with_its_button_and_goes(user):
    done = []
    user.session.offer.emit("There is more.", "Show it", lambda: done.append(1))
    user.click("Show it", user.window.notices)
    assert done == [1] and user.window.notices.isHidden()


def test_an_offer_goes_with_what_it_was_about(user):
    user.session.offer.emit("There is more.", "Show it", pytest.fail)
    user.session.document.remove(user.layer)
    assert user.window.notices.isHidden()


def test_a_sentence_after_an_offer_has_no_button_and_stays_when_layers_go(user):
    user.session.offer.emit("There is more.", "Show it", pytest.fail)
    user.session.notice.emit("The disk is full.", "error")
    user.session.document.remove(user.layer)
    assert user.window.notices.text == "The disk is full."
    with pytest.raises(AssertionError, match="no visible control"):
        user.find("Show it", user.window.notices)


def test_a_notice_that_stands_follows_the_theme(user):
    user.session.notice.emit("Look at this.", "warning")
    app, notices = QApplication.instance(), user.window.notices
    try:
        theme.apply(app, "light")
        assert theme.LIGHT.raised in notices.styleSheet() and theme.LIGHT.warning in notices.styleSheet()
    finally:
        theme.apply(app, "dark")
    assert theme.DARK.raised in notices.styleSheet()
