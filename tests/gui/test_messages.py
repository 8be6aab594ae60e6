"""The one line at the foot of the window: what it says, how long, and that nothing moves."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QLabel, QPushButton, QToolButton

from workstation.errors import StoreError
from workstation.gui import crash, messages
from workstation.gui.messages import ElidedLabel, Kind, MessageBar, Messages
from workstation.gui.theme import Appearance


@pytest.fixture
def bar(qtbot) -> MessageBar:
    made = MessageBar(Messages(), Appearance("dark"), "Not for diagnosis")
    made.channel = Messages()
    made.channel.posted.connect(made.show_message)
    made.channel.cleared.connect(made.clear)
    qtbot.addWidget(made)
    made.resize(900, made.height())
    made.show()
    return made


def text(bar: MessageBar) -> str:
    return bar.findChild(ElidedLabel, "message_text").whole_text


@pytest.mark.parametrize(
    ("kind", "word"), [(Kind.INFO, "Done"), (Kind.ATTENTION, "Attention"), (Kind.REFUSED, "Refused")]
)
def test_each_kind_has_an_icon_and_a_word(bar: MessageBar, kind: Kind, word: str) -> None:
    bar.show_message(messages.Message(kind, "14 files were loaded."))
    assert text(bar) == f"{word}. 14 files were loaded."
    assert not bar.findChild(QLabel, "message_icon").pixmap().isNull()


def test_an_error_says_what_why_and_what_to_do(bar: MessageBar) -> None:
    bar.channel.show(StoreError("The library was not opened", "the disk is full", "Free some space"))
    assert text(bar) == "Refused. The library was not opened: the disk is full. Free some space."
    assert bar.channel.last is not None and bar.channel.last.kind is Kind.REFUSED


def test_the_bar_keeps_its_height(bar: MessageBar) -> None:
    before = bar.height()
    bar.channel.refused("A long sentence of what went wrong. " * 20)
    assert bar.height() == before
    label = bar.findChild(ElidedLabel, "message_text")
    assert "…" in label.text() and label.toolTip() == label.whole_text
    assert label.heightForWidth(label.width()) <= before


def test_information_leaves_by_itself_and_refusal_stays(bar: MessageBar, qtbot, monkeypatch) -> None:
    monkeypatch.setattr(messages, "INFO_MS", 30)
    bar.channel.inform("Imported.")
    qtbot.waitUntil(lambda: bar.message is None)
    bar.channel.refused("Not imported.")
    qtbot.wait(80)
    assert bar.message is not None
    bar.findChild(QToolButton, "message_close").click()
    assert bar.message is None and text(bar) == ""


def test_an_action_runs_once(bar: MessageBar) -> None:
    ran: list[int] = []
    bar.channel.attention("These may be one case.", "Join…", lambda: ran.append(1))
    action = bar.findChild(QPushButton, "message_action")
    assert action.isVisible() and action.text() == "Join…"
    action.click()
    assert ran == [1] and not action.isVisible()


@pytest.mark.parametrize("width", [40, 120, 400, 2000])
def test_elided_text_never_exceeds_its_room(qtbot, width: int) -> None:
    label = ElidedLabel("Sichuan-KOA-2024-Case-0172-right-knee-visit-A")
    qtbot.addWidget(label)
    label.resize(width, 20)
    label.show()
    assert label.fontMetrics().horizontalAdvance(label.text()) <= width
    if "…" in label.text():
        assert label.toolTip() == label.whole_text


@pytest.mark.expects_warning
def test_a_crash_report_carries_no_text_of_the_error_and_says_to_go_on(tmp_path) -> None:
    told: list[str] = []
    try:
        raise ValueError("SENTINEL^NAME in /home/someone/exam/1.2.840.113619.2.1.1")
    except ValueError as error:
        crash.CrashGuard(told.append).report(error)
        written = crash.report_text(error)
    assert "SENTINEL" not in written and "someone" not in written and "1.2.840" not in written
    assert "ValueError" in written and "test_messages.py" in written
    assert len(told) == 1 and "you can go on" in told[0] and "SENTINEL" not in told[0]
    kept = list(crash.log_folder().glob("crash-*.txt"))
    assert len(kept) == 1 and kept[0].name in told[0]


@pytest.mark.expects_warning
def test_a_mistake_while_telling_does_not_go_round_in_circles() -> None:
    guard: crash.CrashGuard

    def tell(_text: str) -> None:
        guard.report(RuntimeError("again"))

    guard = crash.CrashGuard(tell)
    guard.report(RuntimeError("first"))


@pytest.mark.expects_warning
def test_crash_reports_do_not_pile_up() -> None:
    guard = crash.CrashGuard(lambda text: None)
    for _ in range(30):
        guard.report(RuntimeError("x"))
    assert len(list(crash.log_folder().glob("crash-*.txt"))) <= 20
