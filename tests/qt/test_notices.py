"""The strip above the panes: offers wait for an answer and are taken back when they have no sense any more."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication

from canvas_bench import make_layer
from hands import User
from pellucid.model.layer import LabelLayer, blank_labels
from pellucid.session.offers import WhileOpen
from pellucid.ui import theme
from pellucid.ui.notice_bar import Strip


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


def strips(user):
    return [strip.label.text() for strip in user.window.notices.findChildren(Strip) if strip.isVisible()]


def test_offers_and_sentences_stand_beside_each_other_and_are_answered_each_for_itself(user):
    done = []
    user.session.offer.emit("A study.", "Show it", lambda: done.append("study"))
    user.session.offer.emit("Labels.", "Open them", lambda: done.append("labels"))
    user.session.notice.emit("The disk is full.", "error")
    user.session.offer.emit("A study.", "Show it", lambda: done.append("study again"))
    assert strips(user) == ["The disk is full.", "Labels.", "A study."]
    user.click("Open them", user.window.notices)
    assert strips(user) == ["The disk is full.", "A study."]
    user.click("Dismiss the notice", user.window.notices)
    assert strips(user) == ["A study."]
    user.click("Show it", user.window.notices)
    assert done == ["labels", "study again"] and user.window.notices.isHidden()


def test_no_more_offers_than_there_is_room_for(user):
    for n in range(5):
        user.session.offer.emit(f"Offer {n}.", "Do it", pytest.fail)
    assert strips(user) == ["Offer 2.", "Offer 3.", "Offer 4."]


def test_an_offer_about_a_layer_stands_until_that_layer_goes(user):
    """Another image beside it takes back what was about the document, labels on it take back nothing."""
    session, other = user.session, make_layer(user.layer.volume.array, limits=(0.0, 1.0))
    labels = WhileOpen(session.document, user.layer, pytest.fail)
    session.offer.emit("It has labels.", "Open", labels)
    session.offer.emit("There is more.", "Show it", pytest.fail)
    session.document.insert(1, LabelLayer("L", blank_labels(user.layer.volume.geometry)))
    assert len(strips(user)) == 2
    session.document.insert(1, other)
    assert strips(user) == ["It has labels."]
    session.document.remove(user.layer)
    assert user.window.notices.isHidden()


def test_an_offer_that_was_taken_another_way_goes_with_the_labels_that_came(user):
    session, opened = user.session, []
    layer, do = user.layer, pytest.fail
    session.offer.emit("It has labels.", "Open", WhileOpen(session.document, layer, do, lambda: bool(opened)))
    session.offer.emit("There is more.", "Show it", pytest.fail)
    opened.append(1)
    session.document.insert(1, LabelLayer("L", blank_labels(layer.volume.geometry)))
    assert strips(user) == ["There is more."]


def test_a_sentence_after_an_offer_has_no_button_and_stays_when_layers_go(user):
    user.session.offer.emit("There is more.", "Show it", pytest.fail)
    user.session.notice.emit("The disk is full.", "error")
    user.session.document.remove(user.layer)
    assert user.window.notices.text == "The disk is full."
    with pytest.raises(AssertionError, match="no visible control"):
        user.find("Show it", user.window.notices)


def test_a_notice_that_stands_follows_the_theme(user):
    user.session.notice.emit("Look at this.", "warning")
    app, notices = QApplication.instance(), user.window.notices.findChild(Strip)
    try:
        theme.apply(app, "light")
        assert theme.LIGHT.raised in notices.styleSheet() and theme.LIGHT.warning in notices.styleSheet()
    finally:
        theme.apply(app, "dark")
    assert theme.DARK.raised in notices.styleSheet()


def test_an_error_does_not_stand_above_what_is_opened_afterwards(user, tmp_path):
    """It would seem to be said of the new image."""
    user.session.notice.emit("a.dcm could not be read.", "error")
    user.session.open([tmp_path])
    assert user.window.notices.isHidden()
    user.rest()
    assert "No images were found" in user.window.notices.text
    user.session.loading.load_key("series:1.2.3")
    assert user.window.notices.isHidden()
