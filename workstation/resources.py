"""Where the shipped data files are: in a checkout, a wheel or a frozen application."""

from __future__ import annotations

from pathlib import Path

from workstation.errors import ResourceError

_PACKAGE = Path(__file__).resolve().parent


def _root(kind: str) -> Path:
    # A wheel carries the two folders inside the package; a checkout has them beside it.
    inside = _PACKAGE / "_shared" / kind
    return inside if inside.is_dir() else _PACKAGE.parent / kind


def resource_path(*parts: str) -> Path:
    """Path of a file or folder under ``resources/``.

    Raises
    ------
    ResourceError
        If a part tries to leave the folder or nothing is there.
    """
    return _inside(_root("resources"), parts)


def icon_path(name: str) -> Path:
    """Path of ``icons/<name>.svg``."""
    return _inside(_root("icons"), (f"{name}.svg",))


def _inside(root: Path, parts: tuple[str, ...]) -> Path:
    if any(".." in Path(part).parts or Path(part).is_absolute() for part in parts):
        raise ResourceError("A data file was not opened", "its path leaves the program's folder")
    path = root.joinpath(*parts)
    if not path.exists():
        raise ResourceError(
            "A data file of the program is missing", "/".join(parts), "Install the program again"
        )
    return path
