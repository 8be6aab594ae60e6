"""Every desk of the real window: each control has a name, words on hover, and is reached by keyboard."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QComboBox,
    QHeaderView,
    QLineEdit,
    QScrollBar,
    QTabBar,
    QToolButton,
    QWidget,
)

from workstation.gui.application import make_application, make_window
from workstation.gui.desks import DESKS
from workstation.gui.main_window import MainWindow
from workstation.gui.study.setup_desk import SetupDesk
from workstation.workflow.read_case import create_study
from workstation.workflow.workspace import open_workspace

CONTROLS = (QAbstractButton, QComboBox, QLineEdit, QAbstractItemView, QAbstractSlider, QTabBar)
QTS_OWN = (QHeaderView, QScrollBar)


@pytest.fixture
def window(qtbot, knee_library: Path) -> MainWindow:
    make_application()
    made = make_window(open_workspace(knee_library), synchronous=True)
    qtbot.addWidget(made)
    made.resize(1440, 900)
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.close()


def controls(root: QWidget) -> list[QWidget]:
    """Visible controls of ours; parts that Qt builds inside its own widgets are left out."""
    found = [control for kind in CONTROLS for control in root.findChildren(kind) if control.isVisible()]
    return [
        control
        for control in found
        if not isinstance(control, QTS_OWN)
        and not control.objectName().startswith("qt_")
        and not isinstance(control.parent(), QComboBox | QLineEdit | QTabBar | QAbstractItemView)
    ]


def describe(control: QWidget) -> str:
    return f"{type(control).__name__} {control.objectName() or getattr(control, 'text', lambda: '')()!r}"


@pytest.mark.parametrize("desk_id", [entry.id for entry in DESKS])
def test_every_control_is_named_explained_reachable_and_whole(window: MainWindow, desk_id: str) -> None:
    desk = window.show_desk(desk_id, "K-R" if desk_id == "reading" else None)
    assert desk is not None
    found = controls(window)
    buttons = [control for control in found if isinstance(control, QAbstractButton)]
    assert len(buttons) > 5
    wrong = {
        "nameless": [describe(c) for c in found if not (c.accessibleName() or _words(c))],
        "mute": [describe(c) for c in buttons if not _words(c) and not c.toolTip()],
        "not reached by Tab": [
            describe(c)
            for c in buttons
            if desk.isAncestorOf(c) and c.isEnabled() and not c.focusPolicy() & Qt.FocusPolicy.TabFocus
        ],
    }
    for theme in ("light", "dark"):
        window.context.appearance.use(theme)
        window.resize(1280, 800)
        wrong[f"cut at 1280 in {theme}"] = [
            describe(c) for c in buttons if c.isVisible() and c.width() < _needed(c)
        ]
    assert {what: which for what, which in wrong.items() if which} == {}


def _words(control: QWidget) -> str:
    """What the control says by itself."""
    if (
        isinstance(control, QToolButton)
        and control.toolButtonStyle() is Qt.ToolButtonStyle.ToolButtonIconOnly
    ):
        return "" if not control.icon().isNull() else control.text()
    return control.text() if isinstance(control, QAbstractButton) else ""


def _needed(control: QAbstractButton) -> int:
    return control.fontMetrics().horizontalAdvance(_words(control).replace("&", ""))


@pytest.mark.parametrize("name", ["cheat_sheet", "key_editor"])
def test_the_controls_of_a_window_are_named_explained_and_reached(window: MainWindow, name: str) -> None:
    window.show_keys() if name == "cheat_sheet" else window.edit_keys()
    dialog = window.findChild(QWidget, name)
    found = controls(dialog)
    assert len(found) >= 2
    assert dialog.accessibleName()
    for control in found:
        assert control.accessibleName() or _words(control), describe(control)
        assert control.focusPolicy() & Qt.FocusPolicy.TabFocus, describe(control)
        if isinstance(control, QAbstractButton):
            assert control.toolTip(), describe(control)
            assert control.width() >= _needed(control)
    dialog.close()


def test_tab_goes_through_every_control_of_the_reading_desk(window: MainWindow) -> None:
    desk = window.show_desk("reading", "K-R")
    wanted = {one for one in controls(desk) if isinstance(one, QAbstractButton) and one.isEnabled()}
    wanted |= set(desk.grid.tiles)
    reached = set()
    at = desk.grid.tiles[0]
    for _ in range(400):
        reached.add(at)
        at = at.nextInFocusChain()
        if at is desk.grid.tiles[0]:
            break
    assert {describe(one) for one in wanted - reached} == set()


def test_every_part_of_the_office_is_named_explained_reached_in_order_and_whole(
    window: MainWindow, tmp_path: Path, knee_library: Path
) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text(
        'id = "koa"\ntitle = "Knee"\ncases = ["K-R"]\nreaders = ["R1", "R2"]\ninstruments = ["recht"]\n'
    )
    create_study(plan, tmp_path / "study", knee_library).close()
    window.resize(1280, 800)
    desk = window.show_desk("setup", ("look after", tmp_path / "study"))
    assert isinstance(desk, SetupDesk)
    office = desk.office
    assert office is not None
    assert office.isVisible()
    for part in office.parts:
        office.choose(part.title)
        for control in controls(office):
            assert control.accessibleName() or _words(control), describe(control)
            assert control.focusPolicy() & Qt.FocusPolicy.TabFocus, describe(control)
            if isinstance(control, QAbstractButton):
                assert control.toolTip(), describe(control)
                assert control.width() >= _needed(control), describe(control)
    order, at = [], office.findChild(QWidget, "office_leave")
    for _ in range(400):
        at = at.nextInFocusChain()
        order.append(at.objectName())
    wanted = [
        "office_parts",
        "unblind_case",
        "unblind_reason",
        "unblind_passphrase_1",
        "unblind",
        "office_emergency_table",
        "office_export_what",
        "office_export_csv",
        "office_export_out",
        "office_export_choose",
        "office_export_go",
    ]
    assert [name for name in order if name in wanted][: len(wanted)] == wanted


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize(
    "name",
    ["import options", "accounts", "package", "return", "take in", "account", "note", "lock", "urgent"],
)
def test_dialogs_and_questions_are_named_explained_reached_and_whole(
    window: MainWindow, qtbot, tmp_path: Path, name: str, theme: str
) -> None:
    window.context.appearance.use(theme)
    root = asked(window, tmp_path, name)
    qtbot.addWidget(root) if root.isWindow() else None
    root.show()
    qtbot.wait(1)
    found = [root] if isinstance(root, QLineEdit) else controls(root)
    assert found
    wrong = {
        "nameless": [describe(c) for c in found if not (c.accessibleName() or _words(c))],
        "mute": [describe(c) for c in found if isinstance(c, QAbstractButton) and not c.toolTip()],
        "not reached": [
            describe(c)
            for c in found
            if c.isEnabled()
            and not isinstance(c, QAbstractItemView)
            and not c.focusPolicy() & Qt.FocusPolicy.TabFocus
        ],
        "cut": [describe(c) for c in found if isinstance(c, QAbstractButton) and c.width() < _needed(c)],
    }
    assert {what: which for what, which in wrong.items() if which} == {}
    if root.isWindow():
        assert root.accessibleName() or root.windowTitle()


def asked(window: MainWindow, tmp_path: Path, name: str) -> QWidget:
    """A dialog or question of the program, open."""
    from workstation.gui.library.import_options import ImportOptions
    from workstation.gui.study import take_in_form, travel_forms
    from workstation.gui.study.accounts_dialog import AccountsDialog
    from workstation.gui.viewer.measuring import NoteEntry

    forms = {
        "package": travel_forms.PackageForm,
        "return": travel_forms.ReturnForm,
        "take in": take_in_form.TakeInForm,
        "account": travel_forms.AccountForm,
    }
    if name == "import options":
        return ImportOptions(str(tmp_path / "crosswalk.csv"), window)
    if name == "accounts":
        return AccountsDialog(tmp_path, window.context.jobs, window)
    if name in forms:
        return forms[name](window.context, parent=window)
    desk = window.show_desk("reading", "K-R")
    if name == "note":
        return NoteEntry(desk.grid.tiles[0])
    panel = desk._screen.lock if name == "lock" else desk._screen.urgent
    desk._screen.show_side(form=True)
    panel.ask("K-R", "R1")
    return panel
