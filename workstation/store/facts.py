"""Facts of an instance as one short JSON text, and back.

Only values that differ from their default are written, so a row stays small; a field that a later version
adds reads back as its default.
"""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from workstation.imaging.study import Instance, Physics, PixelFormat


def _defaults(kind: type) -> dict[str, Any]:
    return {
        field.name: field.default
        for field in dataclasses.fields(kind)
        if field.default is not dataclasses.MISSING
    }


def _names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind))


# Where a copy lies is a column of its own, and the two nested records are written apart.
_OWN = frozenset({"path", "pixels", "physics"})
_INSTANCE = tuple(name for name in _names(Instance) if name not in _OWN)
_PIXELS, _PHYSICS = _names(PixelFormat), _names(Physics)
_DEFAULTS: dict[type, dict[str, Any]] = {kind: _defaults(kind) for kind in (Instance, PixelFormat, Physics)}


def _record(value: Any, names: tuple[str, ...], kind: type) -> dict[str, Any]:
    defaults = _DEFAULTS[kind]
    found = ((name, getattr(value, name)) for name in names)
    return {name: item for name, item in found if name not in defaults or item != defaults[name]}


def to_facts(instance: Instance) -> str:
    """The instance without its path, as JSON."""
    record = _record(instance, _INSTANCE, Instance)
    record["pixels"] = _record(instance.pixels, _PIXELS, PixelFormat)
    record["physics"] = _record(instance.physics, _PHYSICS, Physics)
    return json.dumps(record, separators=(",", ":"), ensure_ascii=False)


def _tuples(record: dict[str, Any], known: frozenset[str]) -> dict[str, Any]:
    return {
        name: tuple(value) if type(value) is list else value
        for name, value in record.items()
        if name in known
    }


_KNOWN_INSTANCE, _KNOWN_PIXELS, _KNOWN_PHYSICS = frozenset(_INSTANCE), frozenset(_PIXELS), frozenset(_PHYSICS)


def from_facts(facts: str, path: str) -> Instance:
    """The instance of `to_facts`, its file at `path`."""
    record = json.loads(facts)
    pixels = PixelFormat(**_tuples(record["pixels"], _KNOWN_PIXELS))
    physics = Physics(**_tuples(record["physics"], _KNOWN_PHYSICS))
    return Instance(path=path, pixels=pixels, physics=physics, **_tuples(record, _KNOWN_INSTANCE))
