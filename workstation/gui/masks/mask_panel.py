"""Masks in free reading: choose a recipe, click once per bone, see volumes with what made them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QFileDialog,
    QHeaderView,
    QLabel,
    QProgressBar,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from workstation.errors import WorkstationError
from workstation.gui.desk import DeskContext
from workstation.gui.masks.bone_clicks import BoneClicks
from workstation.gui.viewer.gestures import Tool
from workstation.gui.viewer.grid import ViewerGrid
from workstation.tasks import Progress

if TYPE_CHECKING:
    from workstation.workflow.open_study import OpenStudy
    from workstation.workflow.workspace import Workspace

SLOT = "segment"
HEADINGS = ("series", "label", "ml", "% of bone")


class MaskPanel(QWidget):
    """The right side of the reading desk while no form is open."""

    def __init__(self, context: DeskContext, grid: ViewerGrid, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("mask_panel")
        self.setAccessibleName("Masks")
        self._context = context
        self._grid = grid
        self._opened: OpenStudy | None = None
        self._build()

    # what is shown ---------------------------------------------------------------------------------

    def open(self, opened: OpenStudy) -> None:
        """Offer masks for a case, and show those that were kept with it."""
        self.close_case()
        self._opened = opened
        self._fill_recipes()
        self._bones.set_joint(opened.joint)
        self._fill(())
        self._warning.hide()
        self._on_clicks()
        if opened.imported:
            workspace = self._context.workspace
            self._context.jobs.start(
                f"{SLOT} kept", lambda _progress: _kept_masks(workspace, opened.code), self._show_kept
            )

    def close_case(self) -> None:
        """Drop what is under way for the case before."""
        self._context.jobs.forget(SLOT)
        self._context.jobs.forget(f"{SLOT} kept")
        self._opened = None
        self._set_busy(False)

    def run(self) -> None:
        """Make masks on every series that the recipe accepts, in the background."""
        from workstation.workflow.segment import segment_opened

        opened, name = self._opened, str(self._recipe.currentData())
        if opened is None:
            return
        library = self._context.workspace.library.folder if opened.imported else None
        work = self._context.jobs.in_process(segment_opened, library, opened, name, self._bones.seeds)
        self._set_busy(True)
        self._grid.set_tool(Tool.WINDOW)
        self._context.jobs.start(
            SLOT, work, self._on_masks, self._on_error, self._on_progress, lambda: self._set_busy(False)
        )

    # building ----------------------------------------------------------------------------------------

    def _build(self) -> None:
        title = QLabel("Masks")
        title.setProperty("text_role", "title")
        hint = QLabel("Choose what to look for, then click once in the marrow of each bone.")
        hint.setProperty("text_role", "quiet")
        hint.setWordWrap(True)
        self._recipe = QComboBox()
        self._recipe.setObjectName("recipe")
        self._recipe.setAccessibleName("Recipe")
        self._recipe.setToolTip("What to look for, and on which images")
        self._recipe.currentIndexChanged.connect(self._on_recipe)
        self._note = QLabel()
        self._note.setObjectName("recipe_note")
        self._note.setProperty("text_role", "secondary")
        self._note.setWordWrap(True)
        self._bones = BoneClicks(self._grid, self)
        self._bones.changed.connect(self._on_clicks)
        self._run = QPushButton("Make masks")
        self._run.setObjectName("make_masks")
        self._run.setProperty("emphasis", "primary")
        self._run.setToolTip("Mark the tissue inside the clicked bones")
        self._run.clicked.connect(self.run)
        self._bar = QProgressBar()
        self._bar.setAccessibleName("Progress of the masks")
        self._bar.setTextVisible(False)
        self._stop = QPushButton("Stop")
        self._stop.setObjectName("stop_masks")
        self._stop.setToolTip("Stop making masks")
        self._stop.clicked.connect(lambda: self._context.jobs.cancel(SLOT))
        self._build_results()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 12, 12, 12)
        layout.setSpacing(8)
        for widget in (title, hint, self._recipe, self._note, self._bones, self._run, self._bar, self._stop):
            layout.addWidget(widget)
        layout.addWidget(self._table, 1)
        layout.addWidget(self._warning)
        layout.addWidget(self._made_by)
        layout.addWidget(self._save)
        self._set_busy(False)

    def _build_results(self) -> None:
        self._table = QTableWidget(0, len(HEADINGS))
        self._table.setObjectName("volumes")
        self._table.setAccessibleName("Volumes")
        self._table.setHorizontalHeaderLabels(HEADINGS)
        self._table.verticalHeader().hide()
        self._table.setShowGrid(False)
        self._table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self._table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        header = self._table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        self._made_by = QLabel()
        self._made_by.setObjectName("made_by")
        self._made_by.setProperty("text_role", "secondary")
        self._made_by.setWordWrap(True)
        self._warning = QLabel()
        self._warning.setObjectName("mask_warnings")
        self._warning.setAccessibleName("Warnings about the masks")
        self._warning.setWordWrap(True)
        self._warning.hide()
        self._save = QPushButton("Save masks…")
        self._save.setObjectName("save_masks")
        self._save.setToolTip("Write this case's masks as NIfTI and DICOM SEG into a folder")
        self._save.clicked.connect(self._on_save)

    def _fill_recipes(self) -> None:
        if self._recipe.count():
            return
        from workstation.masks.recipe import recipes

        for one in recipes():
            self._recipe.addItem(one.title, one.name)
        self._on_recipe()

    # events ------------------------------------------------------------------------------------------

    def _on_recipe(self) -> None:
        from workstation.masks.recipe import recipe

        name = self._recipe.currentData()
        if name:
            one = recipe(str(name))
            self._note.setText(f"⚠ Unvalidated recipe {one.name} {one.version}: check every mask by eye.")

    def _on_clicks(self) -> None:
        self._run.setEnabled(bool(self._bones.seeds) and not self._stop.isVisible())

    def _on_progress(self, done: int, total: int, _text: str) -> None:
        self._bar.setRange(0, max(total, 0))
        self._bar.setValue(done)

    def _on_error(self, error: WorkstationError) -> None:
        self._set_busy(False)
        self._context.messages.show(error)

    def _on_masks(self, report: Any) -> None:
        self._set_busy(False)
        self._show_masks(report)
        if report.refused:
            self._context.messages.attention(report.refused[0])

    def _show_kept(self, report: Any) -> None:
        """What was made before; the mask that a person has corrected since stands for the recipe's own."""
        self._show_masks(report)
        for made in report.masks:
            if self._grid.drawing.corrects(made.mask):
                self._grid.set_overlay(made.series.key, None)

    def _show_masks(self, report: Any) -> None:
        for made in report.masks:
            self._grid.set_overlay(made.series.key, made.mask)
            self._grid.set_regions(made.series.key, made.regions)
        self._fill(report.volumes)
        self._warning.setText("\n".join(f"⚠ {sentence}" for sentence in report.warnings))
        self._warning.setVisible(bool(report.warnings))

    def _fill(self, volumes: Any) -> None:
        self._table.setRowCount(len(volumes))
        labels = {one.key: one.label for one in self._grid.series}
        for row, volume in enumerate(volumes):
            percent = "n/a" if volume.percent is None else f"{volume.percent:.1f}"
            texts = (
                labels.get(volume.series_key, ""),
                f"{volume.region}: {volume.label}",
                f"{volume.volume_ml:.2f}",
                percent,
            )
            for column, text in enumerate(texts):
                cell = QTableWidgetItem(text)
                cell.setToolTip(f"{text}\n{volume.recipe} {volume.version}; {volume.parameters_text}")
                if column >= 2:
                    cell.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self._table.setItem(row, column, cell)
        made = {f"{one.recipe} {one.version}" for one in volumes}
        self._save.setEnabled(bool(volumes) and self._opened is not None and self._opened.imported)
        self._made_by.setText(
            f"Made by {', '.join(sorted(made))}; parameters in each row's tooltip." if made else ""
        )

    def _on_save(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Folder for the masks")
        if folder:
            self.save(Path(folder))

    def save(self, folder: Path) -> None:
        """Write the masks that are kept with the case, in the background."""
        opened = self._opened
        if opened is None:
            return

        def work(progress: Progress) -> int:
            from workstation.workflow.deliver import export_study

            files = export_study(
                self._context.workspace, opened.code, ("nifti", "seg"), folder, progress=progress
            )
            return len(files)

        self._context.jobs.start(
            f"{SLOT} save",
            work,
            lambda count: self._context.messages.inform(f"{count} files were written to {folder.name}"),
        )

    def _set_busy(self, busy: bool) -> None:
        self._bar.setVisible(busy)
        self._stop.setVisible(busy)
        self._recipe.setEnabled(not busy)
        self._bar.setRange(0, 0 if busy else 1)
        self._on_clicks()


def _kept_masks(workspace: Workspace, code: str) -> Any:
    """Imported where it runs, off the GUI thread."""
    from workstation.workflow.segment import kept_report

    return kept_report(workspace, code)
