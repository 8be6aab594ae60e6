"""The documents say what is so: links lead somewhere, commands are accepted, settings are listed."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from workstation.cli.main import COMMANDS, parser
from workstation.reading.plan import load_plan
from workstation.scoring.instrument import instruments
from workstation.settings import SETTINGS

CHECKOUT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*CHECKOUT.glob("*.md"), *(CHECKOUT / "docs").rglob("*.md")])


def command_lines(document: Path) -> list[str]:
    """Lines of code blocks that start with ``marrow``, without their comments."""
    blocks = re.findall(r"^ *```[a-z]*\n(.*?)^ *```", document.read_text(encoding="utf-8"), re.M | re.S)
    lines = [line.strip().split("  #")[0] for block in blocks for line in block.splitlines()]
    lines = [re.sub(r" \d*<\S+", "", line) for line in lines]  # the shell takes redirections away
    return [line for line in lines if line.startswith("marrow ")]


COMMAND_LINES = sorted({line for document in DOCUMENTS for line in command_lines(document)})


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_every_link_leads_to_a_file(document: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", document.read_text(encoding="utf-8"))
    missing = [
        link for link in links if not re.match(r"[a-z]+:", link) and not (document.parent / link).exists()
    ]
    assert missing == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_every_named_file_of_the_project_exists(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    named = re.findall(r"`((?:packaging|docs|workstation|tests|resources|benchmarks|icons)/[\w./-]+)`", text)
    assert [name for name in named if not (CHECKOUT / name).exists()] == []


def test_the_plan_that_is_shown_is_a_plan(tmp_path: Path) -> None:
    text = (CHECKOUT / "docs" / "reading-study.md").read_text(encoding="utf-8")
    block, more, columns, known, safety = re.findall(r"^```toml\n(.*?)^```", text, re.M | re.S)
    (tmp_path / "plan.toml").write_text(block, encoding="utf-8")
    plan = load_plan(tmp_path / "plan.toml", instruments())
    assert (len(plan.cases), len(plan.readers), len(plan.instruments)) == (3, 2, 2)
    top, tables = more.split("\n\n", 1)
    adjudicated = block.replace('rule = "consensus"', 'rule = "adjudication"')
    whole = f"{top}\n{adjudicated}\n{tables}\n{known}\n{safety}"
    (tmp_path / "plan.toml").write_text(whole, encoding="utf-8")
    conduct = load_plan(tmp_path / "plan.toml", instruments()).conduct
    assert conduct.hides_repeats
    assert conduct.adjudication is not None
    assert len(conduct.required_series) == 2
    assert conduct.calibration is not None
    assert conduct.safety
    paired = block.replace('time_points = "hidden"', 'time_points = "paired-hidden"') + columns
    (tmp_path / "plan.toml").write_text(paired, encoding="utf-8")
    assert load_plan(tmp_path / "plan.toml", instruments()).columns_of("K-0001").visits == ("A", "B")


def test_the_documents_show_commands() -> None:
    assert len(COMMAND_LINES) >= 5


@pytest.mark.parametrize("line", COMMAND_LINES)
def test_every_shown_command_is_accepted(line: str) -> None:
    words = shlex.split(line)[1:]
    if len(words) == 1 and not words[0].startswith("-") and words[0] not in COMMANDS:
        return  # ``marrow STUDY`` opens the window
    assert parser().parse_args(words).handler


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_every_setting_is_listed_with_its_help(setting: object) -> None:
    text = (CHECKOUT / "docs" / "settings.md").read_text(encoding="utf-8")
    name, default, words = setting.name, setting.default, setting.help  # type: ignore[attr-defined]
    shown = str(default).lower() if isinstance(default, bool) else str(default)
    assert f"| `{name}` | {shown} | {words} |" in text


def test_every_environment_variable_is_listed() -> None:
    text = (CHECKOUT / "docs" / "settings.md").read_text(encoding="utf-8")
    sources = [*(CHECKOUT / "workstation").rglob("*.py"), *(CHECKOUT / "packaging").glob("*.py")]
    used = {
        name
        for source in sources
        for name in re.findall(r'"((?:MARROW|WORKSTATION)_[A-Z_]+)"', source.read_text(encoding="utf-8"))
    }
    assert [name for name in sorted(used) if f"`{name}`" not in text] == []
