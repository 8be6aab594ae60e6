"""The checks an instrument file must pass; each mistake is told with its line."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from typing import Any

from workstation.scoring.diagram import BOX, area, is_simple
from workstation.scoring.instrument import Derived, Instrument, Item, Level, Point, Region, Shape, View
from workstation.scoring.toml_source import TomlSource, Where

_TOP = ("id", "version", "title", "joint", "citation", "status", "views", "regions", "scales", "items")
_ID = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,63}")
_VERSION = re.compile(r"\d+(\.\d+){0,2}")
ALL = "*"
RESERVED_KEYS = frozenset("-.fFkKgG ")
"""Keys that mean something else while a form is open: not assessable, flag, evidence, peek, next."""


def instrument_from(source: TomlSource) -> Instrument:
    """Check a parsed file and build the instrument.

    Raises
    ------
    ResourceError
        For the first mistake, naming its line.
    """
    top = source.table((), source.data, _TOP, ("notes", "derived"))
    views = _views(source, top["views"])
    regions = _regions(source, top["regions"], {view.id for view in views})
    scales = _scales(source, top["scales"])
    items = _items(source, top["items"], {region.id for region in regions}, scales)
    _every_region_asked(source, regions, items)
    version = source.text(("version",), top["version"])
    if not _VERSION.fullmatch(version):
        raise source.mistake(("version",), f'"version" must look like 1.0, not "{version}"')
    return Instrument(
        id=_identifier(source, ("id",), top["id"]),
        version=version,
        title=source.text(("title",), top["title"]),
        joint=source.choice(("joint",), top["joint"], ("knee", "hip")),
        citation=source.text(("citation",), top["citation"]),
        status=source.choice(("status",), top["status"], ("validated", "unvalidated")),
        notes=source.texts(("notes",), top.get("notes", [])),
        views=views,
        regions=regions,
        items=items,
        derived=_derived(source, top.get("derived", []), items),
        digest=content_digest(source.data),
    )


def content_digest(data: dict[str, Any]) -> str:
    """SHA-256 (hex) of parsed content: comments, order of keys and line ends do not count."""
    canonical = json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _identifier(source: TomlSource, where: Where, value: Any) -> str:
    text = source.text(where, value)
    if not _ID.fullmatch(text):
        raise source.mistake(where, f'"{text}" is no name: a letter, then letters, digits, dot or dash')
    return text


def _unique(source: TomlSource, kind: str, where: Where, ids: Iterable[str]) -> None:
    seen: set[str] = set()
    for position, one in enumerate(ids):
        if one in seen:
            raise source.mistake((*where, position, "id"), f'{kind} "{one}" occurs twice')
        seen.add(one)


def _views(source: TomlSource, value: Any) -> tuple[View, ...]:
    found = []
    for i, raw in enumerate(source.tables(("views",), value)):
        where: Where = ("views", i)
        table = source.table(where, raw, ("id", "title", "left", "right"), ("mirrors", "outlines"))
        outlines = table.get("outlines", [])
        if not isinstance(outlines, list):
            raise source.mistake((*where, "outlines"), '"outlines" must be a list of outlines')
        found.append(
            View(
                id=_identifier(source, (*where, "id"), table["id"]),
                title=source.text((*where, "title"), table["title"]),
                left=source.text((*where, "left"), table["left"]),
                right=source.text((*where, "right"), table["right"]),
                mirrors=source.boolean((*where, "mirrors"), table.get("mirrors", True)),
                outlines=tuple(
                    _outline(source, (*where, "outlines", j), one) for j, one in enumerate(outlines)
                ),
            )
        )
    _unique(source, "view", ("views",), [view.id for view in found])
    return tuple(found)


def _regions(source: TomlSource, value: Any, views: set[str]) -> tuple[Region, ...]:
    found = []
    for i, raw in enumerate(source.tables(("regions",), value)):
        where: Where = ("regions", i)
        table = source.table(where, raw, ("id", "label", "shapes"), ("code",))
        region_id = _identifier(source, (*where, "id"), table["id"])
        shapes = []
        for j, shape in enumerate(source.tables((*where, "shapes"), table["shapes"])):
            at: Where = (*where, "shapes", j)
            part = source.table(at, shape, ("view", "points"))
            view = source.choice((*at, "view"), part["view"], sorted(views))
            shapes.append(Shape(view, _outline(source, at, part["points"])))
        if len({shape.view for shape in shapes}) < len(shapes):
            raise source.mistake((*where, "shapes"), f'region "{region_id}" has two outlines in one view')
        code = source.text((*where, "code"), table.get("code", region_id))
        found.append(Region(region_id, code, source.text((*where, "label"), table["label"]), tuple(shapes)))
    _unique(source, "region", ("regions",), [region.id for region in found])
    return tuple(found)


def _outline(source: TomlSource, where: Where, value: Any) -> tuple[Point, ...]:
    if not isinstance(value, list) or len(value) < 3:
        raise source.mistake(where, "an outline needs at least three points")
    points = []
    for point in value:
        if not isinstance(point, list) or len(point) != 2:
            raise source.mistake(where, "a point of an outline is written [x, y]")
        x, y = (source.number((*where, "points"), number) for number in point)
        if not (0 <= x <= BOX and 0 <= y <= BOX):
            raise source.mistake(where, f"the point [{x:g}, {y:g}] lies outside 0 to 100")
        points.append((x, y))
    outline = tuple(points)
    if not is_simple(outline):
        raise source.mistake(where, "an outline crosses itself")
    if area(outline) < 1:
        raise source.mistake(where, "an outline has no area")
    return outline


def _scales(source: TomlSource, value: Any) -> dict[str, tuple[Level, ...]]:
    found: dict[str, tuple[Level, ...]] = {}
    entries = source.tables(("scales",), value)
    for i, raw in enumerate(entries):
        where: Where = ("scales", i)
        table = source.table(where, raw, ("id", "levels"))
        scale_id = _identifier(source, (*where, "id"), table["id"])
        if scale_id in found:
            raise source.mistake((*where, "id"), f'scale "{scale_id}" occurs twice')
        found[scale_id] = _levels(source, (*where, "levels"), table["levels"])
    return found


def _levels(source: TomlSource, where: Where, value: Any) -> tuple[Level, ...]:
    levels: list[Level] = []
    entries = source.tables(where, value)
    if len(entries) < 2:
        raise source.mistake(where, "a scale needs at least two levels")
    for j, raw in enumerate(entries):
        at: Where = (*where, j)
        table = source.table(at, raw, ("grade", "definition"), ("key", "label", "points", "tag"))
        grade = source.integer((*at, "grade"), table["grade"])
        key = source.text((*at, "key"), table.get("key", str(grade)))
        if len(key) != 1 or key in RESERVED_KEYS:
            raise source.mistake((*at, "key"), f'"{key}" is not one free key')
        level = Level(
            grade=grade,
            key=key,
            label=source.text((*at, "label"), table.get("label", str(grade))),
            definition=source.text((*at, "definition"), table["definition"]),
            points=source.number((*at, "points"), table.get("points", grade)),
            tag=source.choice((*at, "tag"), table.get("tag", "V"), ("V", "V2", "K", "P")),
        )
        if levels and level.grade <= levels[-1].grade:
            raise source.mistake((*at, "grade"), f"grade {grade} does not follow {levels[-1].grade}")
        if any(level.key == other.key for other in levels):
            raise source.mistake((*at, "key"), f'the key "{key}" is used by two levels')
        levels.append(level)
    return tuple(levels)


def _items(
    source: TomlSource, value: Any, regions: set[str], scales: dict[str, tuple[Level, ...]]
) -> tuple[Item, ...]:
    found = []
    for i, raw in enumerate(source.tables(("items",), value)):
        where: Where = ("items", i)
        table = source.table(where, raw, ("id", "title", "region", "feature", "scale"), ("kind", "tags"))
        item_id = _identifier(source, (*where, "id"), table["id"])
        region = source.text((*where, "region"), table["region"])
        if region not in regions:
            raise source.mistake((*where, "region"), f'item "{item_id}" names an unknown region "{region}"')
        scale = source.text((*where, "scale"), table["scale"])
        if scale not in scales:
            raise source.mistake((*where, "scale"), f'item "{item_id}" names an unknown scale "{scale}"')
        found.append(
            Item(
                id=item_id,
                title=source.text((*where, "title"), table["title"]),
                region=region,
                feature=source.text((*where, "feature"), table["feature"]),
                kind=source.choice((*where, "kind"), table.get("kind", "ordinal"), ("ordinal",)),
                levels=scales[scale],
                tags=source.texts((*where, "tags"), table.get("tags", [])),
            )
        )
    _unique(source, "item", ("items",), [item.id for item in found])
    return tuple(found)


def _every_region_asked(source: TomlSource, regions: tuple[Region, ...], items: tuple[Item, ...]) -> None:
    asked = {item.region for item in items}
    for i, region in enumerate(regions):
        if region.id not in asked:
            raise source.mistake(("regions", i), f'no item asks about region "{region.id}"')


def _derived(source: TomlSource, value: Any, items: tuple[Item, ...]) -> tuple[Derived, ...]:
    if not isinstance(value, list):
        raise source.mistake(("derived",), '"derived" must be a list of totals')
    found = []
    by_id = {item.id: item for item in items}
    for i, raw in enumerate(value):
        where: Where = ("derived", i)
        table = source.table(
            where, raw, ("id", "title", "kind", "items", "minimum", "maximum"), ("hidden_while_scoring",)
        )
        derived_id = _identifier(source, (*where, "id"), table["id"])
        if derived_id in by_id:
            raise source.mistake((*where, "id"), f'"{derived_id}" is already the name of an item')
        names = source.texts((*where, "items"), table["items"])
        members = tuple(by_id) if names == (ALL,) else names
        for name in members:
            if name not in by_id:
                raise source.mistake(
                    (*where, "items"), f'total "{derived_id}" names an unknown item "{name}"'
                )
        if not members or len(set(members)) < len(members):
            raise source.mistake((*where, "items"), f'total "{derived_id}" names no item, or one twice')
        kind = source.choice((*where, "kind"), table["kind"], ("sum", "max", "count"))
        stated = tuple(source.number((*where, key), table[key]) for key in ("minimum", "maximum"))
        possible = _range_of(kind, [by_id[name] for name in members])
        for key, said, real in zip(("minimum", "maximum"), stated, possible, strict=True):
            if said != real:
                raise source.mistake(
                    (*where, key), f'the {key} of total "{derived_id}" is {real:g}, not {said:g}'
                )
        found.append(
            Derived(
                id=derived_id,
                title=source.text((*where, "title"), table["title"]),
                kind=kind,
                items=members,
                minimum=possible[0],
                maximum=possible[1],
                hidden_while_scoring=source.boolean(
                    (*where, "hidden_while_scoring"), table.get("hidden_while_scoring", True)
                ),
            )
        )
    _unique(source, "total", ("derived",), [one.id for one in found])
    return tuple(found)


def _range_of(kind: str, items: list[Item]) -> tuple[float, float]:
    lowest = [min(level.points for level in item.levels) for item in items]
    highest = [max(level.points for level in item.levels) for item in items]
    if kind == "sum":
        return sum(lowest), sum(highest)
    if kind == "max":
        return max(lowest), max(highest)
    return 0.0, float(len(items))
