"""Names of the files in a folder, apart from what opens them, so that asking costs nothing."""

from __future__ import annotations

STUDY_DATABASE = "study.sqlite"
"""A folder that holds it is a reading study."""
