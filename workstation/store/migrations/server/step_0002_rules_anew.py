"""No table changes: on servers of earlier versions the functions that decide who sees what are made anew.

With theirs a server would open reads by case that this version keeps closed, and go on under the rules of an
earlier plan.
"""

from __future__ import annotations

from alembic.operations import Operations


def upgrade(op: Operations) -> None:
    """Leave the tables as they are; see above."""
