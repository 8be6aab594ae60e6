"""What a viewport and a thumbnail call a series: its role from physics and its time point, no more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from workstation.imaging.study import Laterality, Series

_SIDES = {Laterality.LEFT: "left", Laterality.RIGHT: "right", Laterality.BILATERAL: "both sides"}


def captions_of(
    series: Sequence[Series], visits: Mapping[str, str] | None = None, word: str = "visit "
) -> dict[str, str]:
    """A caption for each series key: ``"sag PD FS"``, ``"sag PD FS · visit A"``, ``"cor T1 (2)"``.

    Parameters
    ----------
    series : sequence of Series
    visits : mapping of str to str or None
        Time point of each key, as the plan lets it be shown; said only where there are several. The side
        is said where series of several sides hang together, and alike captions are numbered.
    word : str
        What stands before a time point.
    """
    labels = visits or {}
    several_visits = len({labels.get(one.key, "") for one in series}) > 1
    several_sides = len({one.laterality for one in series if one.laterality}) > 1
    plain: dict[str, str] = {}
    for one in series:
        parts = [one.label]
        if several_sides and one.laterality:
            parts.append(_SIDES[one.laterality])
        if several_visits and labels.get(one.key):
            parts.append(f"{word}{labels[one.key]}")
        plain[one.key] = " · ".join(parts)
    alike: dict[str, int] = {}
    found = {}
    for key, caption in plain.items():
        alike[caption] = alike.get(caption, 0) + 1
        is_shared = list(plain.values()).count(caption) > 1
        found[key] = f"{caption} ({alike[caption]})" if is_shared else caption
    return found
