"""The few words at the foot of the reading desk about the study's server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from workstation.gui.application import make_application
from workstation.gui.jobs import Jobs
from workstation.gui.reading.server_status import ServerWatch
from workstation.reading.journal import ReadKey
from workstation.store.server_join import keep_address
from workstation.workflow.read_case import Study, open_study_folder


@pytest.fixture
def study(tmp_path: Path, publish: Callable[..., Path], postgres: Any) -> Iterator[Study]:
    folder = publish(tmp_path, "window", "none")
    keep_address(folder, postgres.login("window.R1").address)
    with open_study_folder(folder) as opened:
        for number in range(3):
            opened.store.reads.append(ReadKey("R1", "K-1"), b"entry", number)
        for number in range(7):
            opened.store.reads.append(ReadKey("R2", "K-1"), b"entry", number)
        yield opened


def fail(error: BaseException) -> None:
    raise error


def test_the_foot_tells_what_is_not_sent_and_asks_for_a_password(
    study: Study, postgres: Any, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_application()
    monkeypatch.delenv("PGPASSWORD", raising=False)
    monkeypatch.setenv("PGPASSFILE", "/nonexistent")
    parent = QWidget()
    qtbot.addWidget(parent)
    watch = ServerWatch(Jobs(fail, fail, synchronous=True), parent)
    badge = watch.badge
    qtbot.addWidget(badge)
    watch.take(study)
    # R2's seven are nobody's business here.
    qtbot.waitUntil(lambda: badge.text().startswith("Not sent: 3 entries, the server"))
    assert "password is not known here" in badge.toolTip()
    line = badge.findChild(QLineEdit)
    assert isinstance(line, QLineEdit) and not line.isHidden()
    watch.use("not this one")
    assert badge.text() == "3 not sent" and "it does not let window.R1 in" in badge.toolTip()
    watch.use("password of window.R1")
    assert badge.isHidden() and badge.toolTip().startswith("Everything sent")
    study.store.reads.append(ReadKey("R1", "K-1"), b"entry", 3)
    postgres.stop("fast")
    try:
        watch.now()
        assert badge.text().startswith("Not sent: 1 entry, server not reached since")
        assert "R2" not in badge.toolTip()
    finally:
        postgres.start()
    watch.now()
    assert badge.isHidden()
    watch.take(None)
    assert badge.text() == ""
