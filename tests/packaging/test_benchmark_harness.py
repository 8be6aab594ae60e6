"""The benchmark harness: figures are summed up rightly and one broken module hides no other."""

from __future__ import annotations

import json
import pkgutil
import sys
from types import ModuleType, SimpleNamespace

import pytest

import benchmarks
from benchmarks import __main__ as harness
from benchmarks.figures import Figure, figure, milliseconds


def measured(name: str) -> Figure:
    return figure(name, [3.0, 1.0, 2.0], "ms", floor=1.0, floor_name="nothing", limit=2.5)


@pytest.fixture
def modules(monkeypatch: pytest.MonkeyPatch) -> dict[str, ModuleType]:
    """Three benchmark modules: two that measure and one that breaks."""
    found: dict[str, ModuleType] = {}
    for name, figures in {"quick": ("a_ms", "b_ms"), "slow": ("c_ms",), "broken": ("d_ms",)}.items():
        module = ModuleType(f"benchmarks.{name}")
        module.NAMES = figures  # type: ignore[attr-defined]
        found[name] = module

    def run_quick(runs: int | None) -> list[Figure]:
        return [measured("a_ms"), measured("b_ms")]

    def run_slow(runs: int | None) -> list[Figure]:
        return [figure("c_ms", [float(runs or 1)], "ms", limit=2)]

    def run_broken(runs: int | None) -> list[Figure]:
        raise RuntimeError("it broke")

    for module, run in zip(found.values(), (run_quick, run_slow, run_broken), strict=True):
        module.run = run  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, module.__name__, module)
    entries = [SimpleNamespace(name=name) for name in (*found, "cannot_be_imported", "__main__")]
    monkeypatch.setattr(pkgutil, "iter_modules", lambda path: entries)
    return found


def test_a_figure_says_median_tail_and_ratio() -> None:
    samples = [float(value) for value in range(1, 101)]
    result = figure("x_ms", samples, "ms", floor=10.1, floor_name="a copy", limit=51, limit_p95=94)
    assert (result["median"], result["p95"], result["ratio"], result["runs"]) == (50.5, 95.0, 5.0, 100)
    assert result["within_limit"] is False  # the median keeps its limit, the tail does not


def test_a_rate_is_judged_from_its_slow_end() -> None:
    samples = [float(value) for value in range(1, 101)]
    result = figure("files_per_s", samples, "1/s", limit=50, higher_is_better=True)
    assert result["p95"] == 6.0
    assert result["within_limit"] is True


@pytest.mark.parametrize("count", [1, 2, 3, 19, 20, 21])
def test_the_tail_is_always_one_of_the_samples(count: int) -> None:
    samples = [float(value) for value in range(count)]
    assert figure("x", samples, "ms")["p95"] == samples[-1 if count < 20 else -2]


def test_a_warm_up_is_not_counted() -> None:
    calls: list[int] = []
    assert len(milliseconds(lambda: calls.append(1), runs=3, warm_up=2)) == 3
    assert len(calls) == 5


def test_a_broken_module_is_said_and_the_others_go_on(
    modules: dict[str, ModuleType], capsys: pytest.CaptureFixture[str]
) -> None:
    assert harness.main(["--json"]) == 1
    printed = json.loads(capsys.readouterr().out)
    assert [each["name"] for each in printed["figures"]] == ["a_ms", "b_ms", "c_ms"]
    assert sorted(printed["failed"]) == ["broken", "cannot_be_imported"]


def test_single_figures_can_be_asked_for(
    modules: dict[str, ModuleType], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    entries = [SimpleNamespace(name=name) for name in modules]
    monkeypatch.setattr(pkgutil, "iter_modules", lambda path: entries)
    assert harness.main(["b_ms", "slow", "--runs", "7"]) == 0
    printed = capsys.readouterr().out
    assert "a_ms" not in printed and "b_ms" in printed
    assert "OVER" in next(line for line in printed.splitlines() if line.startswith("c_ms"))


def test_an_unknown_figure_is_a_usage_error_that_names_the_known(
    modules: dict[str, ModuleType], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        harness.main(["e_ms"])
    assert stop.value.code == 2
    assert "a_ms" in capsys.readouterr().err


@pytest.mark.parametrize(
    "name",
    [
        "index_files_per_s",
        "import_ratio_to_copy",
        "open_first_image_ms",
        "tiles4_wheel_ms",
        "start_library_s",
        "rss_one_study_mib",
        "demo_s",
    ],
)
def test_every_promised_figure_has_a_benchmark(name: str) -> None:
    found, broken = harness.discover()
    assert not broken
    assert name in {figure for module in found.values() for figure in module.NAMES}
    assert benchmarks.__doc__
