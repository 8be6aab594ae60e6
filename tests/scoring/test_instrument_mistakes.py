"""An instrument file with a mistake: one sentence, the file, the line, what is wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from workstation.errors import ResourceError
from workstation.resources import resource_path
from workstation.scoring.instrument import instrument, load_instrument

GOOD = """\
id = "small"
version = "1.0"
title = "Small"
joint = "knee"
citation = "None"
status = "unvalidated"

[[views]]
id = "front"
title = "Front"
left = "lateral"
right = "medial"

[[regions]]
id = "A"
label = "Region A"
shapes = [
    { view = "front", points = [[0, 0], [10, 0], [10, 10]] },
]

[[scales]]
id = "extent"
[[scales.levels]]
grade = 0
definition = "None."
[[scales.levels]]
grade = 1
definition = "Some."

[[items]]
id = "A"
title = "Region A"
region = "A"
feature = "edema"
scale = "extent"

[[derived]]
id = "total"
title = "Sum"
kind = "sum"
items = ["*"]
minimum = 0
maximum = 1
"""


def load(tmp_path: Path, text: str) -> ResourceError:
    path = tmp_path / "small-1.0.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ResourceError) as caught:
        load_instrument(path)
    return caught.value


def test_the_file_without_a_mistake_loads(tmp_path: Path) -> None:
    (tmp_path / "small-1.0.toml").write_text(GOOD, encoding="utf-8")
    assert load_instrument(tmp_path / "small-1.0.toml").items[0].allowed_keys == "0 or 1"


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ('title = "Small"', 'title = "Small', 3, "Illegal character"),
        ('joint = "knee"', 'joint = "elbow"', 4, 'must be one of knee, hip, not "elbow"'),
        ('citation = "None"\n', "", 1, '"citation" is missing'),
        ('status = "unvalidated"', 'status = "unvalidated"\ncolour = "red"', 7, '"colour" is not known here'),
        ('version = "1.0"', "version = 1.0", 2, "must be text in quotes, not 1.0"),
        ('version = "1.0"', 'version = "new"', 2, "must look like 1.0"),
        ('label = "Region A"', "", 14, '"label" is missing'),
        ("[10, 0], [10, 10]", "[10, 0], [10, 101]", 18, "outside 0 to 100"),
        ("[10, 0], [10, 10]", "[10, 0]", 18, "at least three points"),
        ("[10, 0], [10, 10]", "[10, 10], [10, 0], [0, 10]", 18, "crosses itself"),
        ("[10, 0], [10, 10]", "[10, 0], [5, 0]", 18, "no area"),
        ('view = "front"', 'view = "back"', 18, "must be one of front"),
        ("grade = 1", "grade = 0", 27, "grade 0 does not follow 0"),
        ("grade = 1", 'grade = "1"', 27, "must be a whole number"),
        ("grade = 1", "grade = true", 27, "must be a whole number"),
        ("grade = 1", 'grade = 1\nkey = "0"', 28, 'the key "0" is used by two levels'),
        ("grade = 1", 'grade = 1\nkey = "f"', 28, "is not one free key"),
        ("grade = 1", "grade = 1\npoints = nan", 28, "must be a number"),
        ('definition = "Some."', 'definition = ""', 28, "must be text in quotes"),
        ('definition = "Some."', "", 26, '"definition" is missing'),
        ('region = "A"', 'region = "B"', 33, 'names an unknown region "B"'),
        ('scale = "extent"', 'scale = "extend"', 35, 'names an unknown scale "extend"'),
        ('items = ["*"]', 'items = ["A", "Z"]', 41, 'names an unknown item "Z"'),
        ('items = ["*"]', 'items = ["A", "A"]', 41, "names no item, or one twice"),
        ("maximum = 1", "maximum = 3", 43, 'the maximum of total "total" is 1, not 3'),
        ('kind = "sum"', 'kind = "mean"', 40, "must be one of sum, max, count"),
        ('id = "total"', 'id = "A"', 38, "already the name of an item"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, old: str, new: str, line: int, words: str) -> None:
    assert GOOD.count(old) >= 1
    position = GOOD.rindex(old)
    error = load(tmp_path, GOOD[:position] + new + GOOD[position + len(old) :])
    assert f"small-1.0.toml, line {line}: " in error.sentence, error.sentence
    assert words in error.sentence
    assert str(tmp_path) not in error.sentence


def test_an_item_that_occurs_twice_is_told_at_the_second(tmp_path: Path) -> None:
    again = GOOD[GOOD.index("[[items]]") : GOOD.index("[[derived]]")]
    error = load(tmp_path, GOOD + "\n" + again)
    assert 'item "A" occurs twice' in error.sentence
    assert "line 46" in error.sentence


def test_a_region_nobody_asks_about_is_told(tmp_path: Path) -> None:
    shapes = 'shapes = [{ view = "front", points = [[50, 50], [60, 50], [60, 60]] }]'
    extra = f'[[regions]]\nid = "Z"\nlabel = "Z"\n{shapes}\n\n'
    error = load(tmp_path, GOOD.replace("[[scales]]", extra + "[[scales]]", 1))
    assert 'no item asks about region "Z"' in error.sentence
    assert "line 21" in error.sentence


@pytest.mark.parametrize("name", ["recht-1.0.toml", "worms-marrow-1.0.toml"])
def test_every_removed_line_of_a_shipped_file_loads_or_is_told_with_a_line(tmp_path: Path, name: str) -> None:
    """No single lost line may crash the program or be accepted with a level that has no definition."""
    lines = resource_path("instruments", name).read_text(encoding="utf-8").splitlines(keepends=True)
    path = tmp_path / name
    for number in range(0, len(lines), 1 if len(lines) < 150 else 7):
        path.write_text("".join(lines[:number] + lines[number + 1 :]), encoding="utf-8")
        try:
            form = load_instrument(path)
        except ResourceError as error:
            assert re.search(rf"{re.escape(name)}, line \d+: ", error.sentence), error.sentence
        else:
            assert all(level.definition for item in form.items for level in item.levels)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"", '"id" is missing'),
        (b"[" * 5000, "line 1"),
        (b'a = "\x01"', "line 1"),
        (b"id = [[[[", "line 1"),
    ],
)
def test_strange_files_are_refused(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "x.toml"
    path.write_bytes(content)
    with pytest.raises(ResourceError, match=words):
        load_instrument(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ResourceError, match="No such file"):
        load_instrument(tmp_path / "none.toml")


def test_an_unknown_instrument_names_those_that_there_are() -> None:
    with pytest.raises(ResourceError, match=r"Known are .*recht"):
        instrument("rect")
    with pytest.raises(ResourceError, match=r"Known versions are 1\.0"):
        instrument("recht", "9.9")


def test_the_digest_is_of_the_meaning_not_of_the_spelling(tmp_path: Path) -> None:
    path = tmp_path / "small-1.0.toml"
    path.write_text(GOOD, encoding="utf-8")
    digest = load_instrument(path).digest
    path.write_bytes(("# a comment\n" + GOOD).replace("\n", "\r\n").encode())
    assert load_instrument(path).digest == digest
    path.write_text(GOOD.replace("Some.", "A little."), encoding="utf-8")
    assert load_instrument(path).digest != digest
