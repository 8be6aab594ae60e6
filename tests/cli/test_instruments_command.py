"""``marrow instruments``: every item, level and definition is shown."""

from __future__ import annotations

import json

import pytest

from workstation.cli.main import OK, REFUSED, run
from workstation.scoring.instrument import Instrument, instruments


class Screen:
    """The command line opens no window here."""


def test_the_list_names_every_form(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["instruments"], Screen()) == OK  # type: ignore[arg-type]
    out = capsys.readouterr().out
    assert len(out.splitlines()) == len(instruments())
    for form in instruments():
        assert form.id in out
        assert ("unvalidated" in next(x for x in out.splitlines() if x.startswith(form.id + " "))) == (
            not form.is_validated
        )
    assert run(["instruments", "--json"], Screen()) == OK  # type: ignore[arg-type]
    assert [one["id"] for one in json.loads(capsys.readouterr().out)] == [form.id for form in instruments()]


@pytest.mark.parametrize("form", instruments(), ids=lambda form: form.id)
def test_one_form_is_shown_whole(form: Instrument, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["instruments", form.id], Screen()) == OK  # type: ignore[arg-type]
    words = " ".join(capsys.readouterr().out.split())
    for item in form.items:
        assert f"{item.id} {item.title}" in words
        for level in item.levels:
            assert " ".join(level.definition.split()) in words
    for total in form.derived:
        assert f"{total.minimum:g} to {total.maximum:g}" in words
    assert run(["instruments", form.id, "--json"], Screen()) == OK  # type: ignore[arg-type]
    shown = json.loads(capsys.readouterr().out)
    assert [item["id"] for item in shown["items"]] == [item.id for item in form.items]
    assert all(level["definition"] for item in shown["items"] for level in item["levels"])
    assert shown["digest"] == form.digest


def test_an_unknown_form_is_refused_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["instruments", "moaks"], Screen()) == REFUSED  # type: ignore[arg-type]
    err = capsys.readouterr().err
    assert len(err.splitlines()) == 1
    assert "recht" in err
