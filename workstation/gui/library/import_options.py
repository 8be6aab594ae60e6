"""Import with options: chosen case codes, another crosswalk, what a person approved."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)  # fmt: skip

CONSEQUENCE = (
    "Pictures such as screenshots, scanned forms and images with text burned in can show a name or a date. "
    "They come in as they are: nothing is blacked out, and every reader will see them. Approve only what "
    "you have looked at."
)
_WIDTH_PX = 560


@dataclass(frozen=True)
class ImportRequest:
    """What to import and how, as `workflow.import_files.import_paths` takes it."""

    paths: tuple[Path, ...]
    codes: Path | None = None
    crosswalk: Path | None = None
    approve_secondary: bool = False


class ImportOptions(QDialog):
    """Ask for paths and options; `request` has the answer after it was accepted."""

    def __init__(self, default_crosswalk: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("import_options")
        self.setWindowTitle("Import with options")
        self.setMinimumWidth(_WIDTH_PX)
        self._paths: tuple[Path, ...] = ()
        self._chosen = QLabel("Nothing is chosen yet.")
        self._chosen.setObjectName("chosen_paths")
        self._chosen.setWordWrap(True)
        self._codes = self._field("codes_file", "Case codes", "None: neutral codes are made")
        self._crosswalk = self._field("crosswalk_file", "Crosswalk", default_crosswalk)
        self._approve = QCheckBox("Let in secondary captures and burned-in text")
        self._approve.setObjectName("approve_secondary")
        self._approve.setToolTip("A person has looked at them: no name is shown")
        consequence = QLabel(CONSEQUENCE)
        consequence.setObjectName("approve_consequence")
        consequence.setProperty("text_role", "secondary")
        consequence.setWordWrap(True)
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self._import = QPushButton("Import")
        self._import.setObjectName("start_import")
        self._import.setProperty("emphasis", "primary")
        self._import.setToolTip("Import as chosen here  (Enter)")
        self._import.setEnabled(False)
        self._buttons.addButton(self._import, QDialogButtonBox.ButtonRole.AcceptRole)
        cancel = self._buttons.button(QDialogButtonBox.StandardButton.Cancel)
        cancel.setToolTip("Import nothing  (Esc)")
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(12)
        layout.addWidget(self._chosen)
        layout.addLayout(self._sources())
        layout.addLayout(self._files())
        layout.addWidget(self._approve)
        layout.addWidget(consequence)
        layout.addWidget(self._buttons)

    @property
    def request(self) -> ImportRequest:
        """What was chosen."""
        return ImportRequest(
            self._paths, _path(self._codes), _path(self._crosswalk), self._approve.isChecked()
        )

    def _sources(self) -> QHBoxLayout:
        line = QHBoxLayout()
        line.setSpacing(8)
        for name, words, choose in (
            ("choose_folder", "Choose folder…", self._choose_folder),
            ("choose_files", "Choose files…", self._choose_files),
        ):
            button = QPushButton(words)
            button.setObjectName(name)
            button.setAutoDefault(False)
            button.setToolTip("What to import")
            button.clicked.connect(choose)
            line.addWidget(button)
        line.addStretch(1)
        return line

    def _files(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(8)
        for row, (field, words, tip) in enumerate(
            (
                (self._codes, "Case codes (CSV)", "Columns: patient_id, code and, if wanted, joint, side"),
                (self._crosswalk, "Crosswalk (CSV)", "Where identities are kept; never inside the library"),
            )
        ):
            label = QLabel(words)
            label.setBuddy(field)
            field.setToolTip(tip)
            browse = QPushButton("Browse…")
            browse.setObjectName(f"browse_{field.objectName()}")
            browse.setAccessibleName(f"Browse for: {words}")
            browse.setToolTip(tip)
            browse.setAutoDefault(False)
            browse.clicked.connect(lambda _checked=False, of=field: self._browse(of))
            for column, widget in enumerate((label, field, browse)):
                grid.addWidget(widget, row, column)
        return grid

    @staticmethod
    def _field(name: str, spoken: str, placeholder: str) -> QLineEdit:
        field = QLineEdit()
        field.setObjectName(name)
        field.setAccessibleName(spoken)
        field.setPlaceholderText(placeholder)
        field.setClearButtonEnabled(True)
        return field

    def _browse(self, field: QLineEdit) -> None:
        if field is self._crosswalk:
            # The file may exist (it is added to) or be new.
            name, _ = QFileDialog.getSaveFileName(
                self, "Crosswalk", field.text(), "CSV (*.csv)", "", QFileDialog.Option.DontConfirmOverwrite
            )
        else:
            name, _ = QFileDialog.getOpenFileName(self, "Case codes", field.text(), "CSV (*.csv)")
        if name:
            field.setText(name)

    def _choose_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self, "Import every image below this folder")
        self._take((name,) if name else ())

    def _choose_files(self) -> None:
        names, _ = QFileDialog.getOpenFileNames(self, "Import DICOM or ZIP files")
        self._take(tuple(names))

    def _take(self, names: tuple[str, ...]) -> None:
        if not names:
            return
        self._paths = tuple(Path(name) for name in names)
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        self._chosen.setText(f"Import {self._paths[0].name}{more}")
        self._chosen.setToolTip("\n".join(names))
        self._import.setEnabled(True)
        self._import.setFocus()


def _path(field: QLineEdit) -> Path | None:
    text = field.text().strip()
    return Path(text).expanduser() if text else None
