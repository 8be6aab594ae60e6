"""The study as files: tables with conduct.csv, the report, masks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QCheckBox, QComboBox, QFileDialog, QHBoxLayout, QLabel, QPushButton, QWidget

from workstation.gui.study.office.part import EXPORT_SLOT, OfficePart, Run

if TYPE_CHECKING:
    from workstation.workflow.office import Office

TEXT = (
    "The whole study once its reads are open; a reader may take away the own locked reads before. Files of "
    "an earlier export are replaced, other files never; the log says what was exported. No identity leaves."
)
FORMATS = {
    "csv": "Tables (CSV): reads, results, agreement, measurements, and conduct.csv, how each read was made",
    "html": "Report with pictures (HTML)",
    "seg": "Masks (DICOM SEG)",
    "nifti": "Masks (NIfTI)",
}
WHOLE = "The whole study"


class ExportPart(OfficePart):
    """Asks what and where, and writes."""

    def __init__(self, run: Run, parent: QWidget | None = None) -> None:
        super().__init__("export", "Export", TEXT, run, parent)
        self._what = QComboBox()
        self._what.setObjectName("office_export_what")
        self.add_field("What", self._what)
        self._boxes = {}
        for name, text in FORMATS.items():
            box = QCheckBox(text)
            box.setObjectName(f"office_export_{name}")
            box.setAccessibleName(text)
            box.setToolTip(text)
            box.setChecked(name == "csv")
            box.toggled.connect(lambda _checked: self._changed())
            self._boxes[name] = box
            self.fields.append(box)
            row = QHBoxLayout()
            row.addWidget(_indent())
            row.addWidget(box, 1)
            self.body.addLayout(row)
        browse = QPushButton("Choose…")
        browse.setObjectName("office_export_choose")
        browse.setAccessibleName("Choose the folder for the files")
        browse.setToolTip("Choose the folder for the files")
        browse.clicked.connect(self._on_browse)
        hint = "It is made if it is not there"
        self._out = self.add_line("office_export_out", "Into the folder", hint, browse)
        self._go = self.add_button("office_export_go", "Export", "Write the files (Enter)", self.export)
        self._go.setProperty("emphasis", "primary")
        self._out.textChanged.connect(lambda _text: self._changed())
        self._out.returnPressed.connect(self.export)
        self._changed()

    def refresh(self, office: Office) -> None:
        """Offer what those who are signed in may take away."""
        chosen = self._what.currentText()
        self._what.clear()
        self._what.addItem(WHOLE, "")
        for reader in office.readers_here:
            self._what.addItem(f"Only what {reader} may see", reader)
        self._what.setCurrentText(chosen or WHOLE)

    def put_away(self) -> None:
        """Nothing that was typed stays."""
        super().put_away()
        self._what.clear()
        self._changed()

    def export(self) -> None:
        """Write the files."""
        if not self._is_ready:
            return
        chosen = [name for name, box in self._boxes.items() if box.isChecked()]
        out, reader = Path(self._out.text().strip()).expanduser(), str(self._what.currentData() or "")
        self.say("The files are being written…")
        self.run(
            lambda office, progress: office.export(chosen, out, reader, progress),
            lambda files: self._on_written(out, files),
            self.refuse,
            slot=EXPORT_SLOT,
        )

    @property
    def _is_ready(self) -> bool:
        return bool(self._out.text().strip()) and any(box.isChecked() for box in self._boxes.values())

    def _changed(self) -> None:
        self._go.setEnabled(self._is_ready)

    def _on_browse(self) -> None:
        if folder := QFileDialog.getExistingDirectory(self, "Folder for the files"):
            self._out.setText(folder)

    def _on_written(self, out: Path, files: list[Path]) -> None:
        names = ", ".join(str(one.relative_to(out)) for one in files[:12])
        more = f" and {len(files) - 12} more" if len(files) > 12 else ""
        self.say(f"✓ Written to {out.name}: {names}{more}.")


def _indent() -> QLabel:
    label = QLabel()
    label.setFixedWidth(140)
    return label
