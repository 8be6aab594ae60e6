"""What an export calls the visit of a series: its label, or the time point while that must not be known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from workstation.reading.journal import ReadKey
from workstation.reading.visibility import Role, Viewer
from workstation.workflow.case_forms import visits_met

if TYPE_CHECKING:
    from workstation.store.library import Library
    from workstation.workflow.study import Study


def visits_in_library(library: Library | None, case: str) -> Mapping[str, str]:
    """The label of each series key of a case with several visits; empty for others, and without a library."""
    if library is None or library.find(case) is None:
        return {}
    labels = library.visit_of(case)
    return labels if len(set(labels.values())) > 1 else {}


def visits_told(
    study: Study, library: Library | None, key: ReadKey, viewer: Viewer | None
) -> Mapping[str, str]:
    """What the visit of each series of a read is called in what `viewer` takes away.

    A reader who must not know the order gets numbers where time points have them, and otherwise nothing,
    until the reads of the case are open.
    """
    labels = visits_in_library(library, key.case)
    is_reader = viewer is not None and viewer.role is Role.READER
    if not is_reader or study.plan.blinding.knows_order or study.is_unsealed(key.case):
        return labels
    if not study.plan.blinding.is_paired:
        return {}
    numbers = {visit: str(number) for number, visit in enumerate(visits_met(study, key), start=1)}
    return {series: numbers.get(label, "") for series, label in labels.items()}
