"""The set-up script: what it installs, what it says when it cannot, and that it never half-finishes."""

from __future__ import annotations

import ast
import errno
import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
SCRIPT = CHECKOUT / "packaging" / "run.py"


def load_script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("marrow_run_script", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script with an environment folder of its own and two tiny lock files."""
    module = load_script()
    monkeypatch.setenv("MARROW_VENV", str(tmp_path / "env"))
    locks = {kind: tmp_path / f"{kind}.lock" for kind in ("runtime", "dev")}
    for kind, lock in locks.items():
        lock.write_text(f"{kind}==1\n")
    monkeypatch.setattr(module, "LOCKS", locks)
    monkeypatch.setattr(module, "missing_libraries", lambda window: [])
    monkeypatch.setattr(module, "venv_package", lambda: None)
    return module


@pytest.fixture
def made(script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Replaces the slow steps; the list tells which environments and locks were made."""
    steps: list[str] = []

    def make_venv(command: list[str], what: str, show: bool = False) -> str:
        steps.append("venv")
        python = script.environment_python()
        python.parent.mkdir(parents=True)
        python.write_text("")
        return ""

    monkeypatch.setattr(script, "checked", make_venv)
    monkeypatch.setattr(script, "install_locked", steps.append)
    monkeypatch.setattr(script, "link_checkout", lambda: None)
    return steps


def one_line(text: str) -> str:
    assert text.count("\n") == 1, text
    return text.strip()


def test_the_script_needs_nothing_but_python_and_no_new_syntax() -> None:
    tree = ast.parse(SCRIPT.read_text(encoding="utf-8"), feature_version=(3, 7))
    imported = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(str(node.module).split(".")[0])
    assert imported <= set(sys.stdlib_module_names)


def test_an_old_python_gets_a_sentence(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2, "final", 0))
    assert script.main(["demo"]) == 1
    assert one_line(capsys.readouterr().err).startswith(
        "The workstation needs Python 3.11 or newer and this is 3.9"
    )


@pytest.mark.parametrize("argv", [[], ["dmeo"], ["import"]])
def test_an_unknown_command_shows_the_usage(
    script: ModuleType, argv: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert script.main(argv) == 2
    assert "run.py demo" in capsys.readouterr().err


def test_without_root_the_exact_command_is_named(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(script, "missing_libraries", lambda window: ["libEGL.so.1", "libdbus-1.so.3"])
    monkeypatch.setattr(script, "venv_package", lambda: "python3-venv")
    monkeypatch.setattr(script, "is_root", lambda: False)
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    assert script.main(["demo", "--headless"]) == 1
    assert one_line(capsys.readouterr().err).endswith(
        "apt-get update && apt-get install -y --no-install-recommends python3-venv libegl1 libdbus-1-3"
    )


def test_without_apt_the_libraries_are_named(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(script, "missing_libraries", lambda window: ["libEGL.so.1"])
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert script.main(["demo", "--headless"]) == 1
    assert "libEGL.so.1" in one_line(capsys.readouterr().err)


def test_root_installs_only_what_is_missing(
    script: ModuleType, made: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = ["libGL.so.1"]
    ran: list[list[str]] = []

    def apt(command: list[str], environment: dict[str, str], show: bool = False) -> tuple[int, str]:
        ran.append(command)
        missing.clear()
        return 0, ""

    monkeypatch.setattr(script, "missing_libraries", lambda window: list(missing))
    monkeypatch.setattr(script, "is_root", lambda: True)
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(script, "quietly", apt)
    script.set_up("demo", ["--headless"])
    script.set_up("demo", ["--headless"])
    assert ran == [
        ["apt-get", "update"],
        ["apt-get", "install", "-y", "--no-install-recommends", "libgl1"],
    ]


@pytest.mark.parametrize(
    ("arguments", "screen", "window"),
    [([], True, True), (["--headless"], True, False), ([], False, False)],
)
def test_window_libraries_are_asked_for_only_when_a_window_will_open(
    script: ModuleType,
    made: list[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    screen: bool,
    window: bool,
) -> None:
    asked: list[bool] = []
    monkeypatch.setattr(script, "has_screen", lambda: screen)
    monkeypatch.setattr(script, "provide_system_packages", asked.append)
    script.set_up("demo", arguments)
    assert asked == [window]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="system libraries are Linux's matter")
def test_a_library_is_missing_when_the_linker_does_not_find_it(monkeypatch: pytest.MonkeyPatch) -> None:
    module = load_script()
    monkeypatch.setattr(
        module, "QT_LIBRARIES", {"libc.so.6": "libc6", "libnothing-of-the-kind.so.9": "libnothing9"}
    )
    assert module.missing_libraries(window=False) == ["libnothing-of-the-kind.so.9"]


def test_an_apt_failure_is_one_sentence(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(script, "missing_libraries", lambda window: ["libGL.so.1"])
    monkeypatch.setattr(script, "is_root", lambda: True)
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    answer = (100, "Err:1 Temporary failure resolving\nE: Unable to locate package libgl1\n")
    monkeypatch.setattr(script, "quietly", lambda command, environment, show=False: answer)
    assert script.main(["demo", "--headless"]) == 1
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("apt-get could not install libgl1: there is no network; the details are in ")
    assert "Unable to locate" in Path(last.split()[-1].rstrip(".")).read_text()


def test_a_finished_environment_is_used_again(script: ModuleType, made: list[str]) -> None:
    script.make_environment("runtime")
    script.make_environment("runtime")
    assert made == ["venv", "runtime"]


def test_the_test_packages_are_laid_on_top_and_serve_both(script: ModuleType, made: list[str]) -> None:
    script.make_environment("runtime")
    script.make_environment("dev")
    script.make_environment("runtime")
    assert made == ["venv", "runtime", "dev"]


def test_a_changed_lock_makes_the_environment_anew(script: ModuleType, made: list[str]) -> None:
    script.make_environment("runtime")
    leftover = script.environment_folder() / "leftover"
    leftover.write_text("")
    script.LOCKS["runtime"].write_text("runtime==2\n")
    script.make_environment("runtime")
    assert made == ["venv", "runtime"] * 2
    assert not leftover.exists()


def test_another_python_makes_the_environment_anew(
    script: ModuleType, made: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    script.make_environment("runtime")
    monkeypatch.setattr(script.platform, "python_version", lambda: "3.99.0")
    assert not script.is_ready("runtime")


def test_a_lost_interpreter_or_a_torn_stamp_makes_the_environment_anew(
    script: ModuleType, made: list[str]
) -> None:
    script.make_environment("runtime")
    script.environment_python().unlink()
    assert not script.is_ready("runtime")
    shutil.rmtree(script.scripts_folder())
    script.make_environment("runtime")
    stamp = script.environment_folder() / script.STAMP
    stamp.write_text(stamp.read_text()[:40])
    assert not script.is_ready("runtime")


def test_an_interrupted_installation_is_made_anew(
    script: ModuleType, made: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(kind: str) -> None:
        (script.environment_folder() / "half a package").write_text("")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(script, "install_locked", interrupted)
        assert script.main(["setup"]) == 130
    assert "Stopped" in capsys.readouterr().err
    assert not script.is_ready("runtime")
    script.make_environment("runtime")
    assert script.is_ready("runtime")
    assert not (script.environment_folder() / "half a package").exists()


def test_a_folder_of_something_else_is_never_emptied(
    script: ModuleType, made: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    precious = script.environment_folder() / "precious.txt"
    precious.parent.mkdir()
    precious.write_text("mine")
    assert script.main(["setup"]) == 1
    assert "was not made by this program" in one_line(capsys.readouterr().err)
    assert precious.read_text() == "mine"


def test_a_full_disk_is_said_before_anything_is_written(
    script: ModuleType,
    made: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(script.shutil, "disk_usage", lambda folder: SimpleNamespace(free=5 * 2**20))
    assert script.main(["setup"]) == 1
    assert "has 5 MiB free" in one_line(capsys.readouterr().err)
    assert made == []


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (errno.ENOSPC, "is full"),
        (errno.EACCES, "cannot be written by you"),
        (errno.EIO, "by the system"),
    ],
)
def test_a_refusal_of_the_system_is_one_sentence(
    script: ModuleType,
    made: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    number: int,
    sentence: str,
) -> None:
    def refuse(kind: str) -> None:
        raise OSError(number, "refused", "somewhere")

    monkeypatch.setattr(script, "install_locked", refuse)
    assert script.main(["setup"]) == 1
    assert sentence in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        ("OSError: [Errno 28] No space left on device", "the disk is full"),
        ("connection broken by ... [Errno -3] Temporary failure in name resolution", "there is no network"),
        (
            "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.",
            "a downloaded file is not the one in the lock file",
        ),
        (
            "ERROR: No matching distribution found for numpy==2.4.6",
            "there is no package for this Python or system on the index",
        ),
        ("first\n  the last line \n\n", "the last line"),
        ("", "it gave no reason"),
    ],
)
def test_known_causes_are_said_in_plain_words(script: ModuleType, output: str, reason: str) -> None:
    assert script.reason_in(output) == reason


def test_a_failing_step_names_its_cause_and_keeps_its_output(script: ModuleType) -> None:
    with pytest.raises(script.SetupError) as caught:
        script.checked([sys.executable, "-c", "import sys; sys.exit('a strange cause')"], "It broke")
    text = str(caught.value)
    assert text.startswith("It broke: a strange cause; the details are in ")
    assert Path(text.rsplit(maxsplit=1)[-1].rstrip(".")).read_text().strip() == "a strange cause"


def test_other_environments_do_not_leak_in(script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/somewhere/else")
    monkeypatch.setenv("PYTHONHOME", "/somewhere/else")
    environment = script.child_environment()
    assert "PYTHONPATH" not in environment and "PYTHONHOME" not in environment


CONTENDER = """
import importlib.util, sys, time
from pathlib import Path
spec = importlib.util.spec_from_file_location("script", sys.argv[1])
script = importlib.util.module_from_spec(spec)
spec.loader.exec_module(script)
record = Path(sys.argv[2])
def checked(command, what, show=False):
    script.environment_python().parent.mkdir(parents=True)
    script.environment_python().write_text("")
    return ""
def install(kind):
    with record.open("a") as file:
        file.write("made\\n")
    time.sleep(1)
script.checked, script.install_locked, script.link_checkout = checked, install, lambda: None
script.make_environment("runtime")
assert script.is_ready("runtime")
"""


def test_two_set_ups_at_once_make_one_environment(script: ModuleType, tmp_path: Path) -> None:
    record = tmp_path / "record.txt"
    command = [sys.executable, "-c", CONTENDER, str(SCRIPT), str(record)]
    started = [subprocess.Popen(command) for _ in range(3)]
    assert [process.wait(timeout=60) for process in started] == [0, 0, 0]
    assert record.read_text() == "made\n"


ORPHAN = """
import importlib.util, os, signal, sys, threading
spec = importlib.util.spec_from_file_location("script", sys.argv[1])
script = importlib.util.module_from_spec(spec)
spec.loader.exec_module(script)
step = "import sys, time; print('started', flush=True); time.sleep(2); open(sys.argv[1], 'w').close()"
with script.one_at_a_time():
    threading.Timer(0.7, lambda: os.kill(os.getpid(), signal.SIGKILL)).start()
    script.quietly([sys.executable, "-c", step, sys.argv[2]], dict(os.environ))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="file locks are not inherited on Windows")
def test_a_killed_set_up_is_waited_for_until_its_last_step_ends(script: ModuleType, tmp_path: Path) -> None:
    ended = tmp_path / "the step has ended"
    killed = subprocess.run([sys.executable, "-c", ORPHAN, str(SCRIPT), str(ended)], check=False)
    assert killed.returncode < 0
    assert not ended.exists()
    with script.one_at_a_time():
        assert ended.exists()


@pytest.fixture
def bare_environment(script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Path]:
    def make() -> Path:
        monkeypatch.setattr(script, "install_locked", lambda kind: None)
        script.make_environment("runtime")
        return Path(script.scripts_folder())

    return make


@pytest.mark.skipif(sys.platform == "win32", reason="the command has another form on Windows")
def test_the_environment_has_the_command_marrow(bare_environment: Callable[[], Path]) -> None:
    scripts = bare_environment()
    code = "import workstation; print(workstation.__file__)"
    found = subprocess.run(
        [scripts / "python", "-c", code], capture_output=True, text=True, check=True, cwd="/"
    )
    assert Path(found.stdout.strip()).parent == CHECKOUT / "workstation"
    assert (scripts / "marrow").read_text().startswith(f"#!{scripts / 'python'}\n")
    assert (scripts / "marrow").stat().st_mode & 0o111


def test_root_installs_what_the_tests_start_and_no_server_runs_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module, ran = load_script(), []
    rule = tmp_path / "common" / "createcluster.conf"

    def apt(command: list[str], environment: dict[str, str], show: bool = False) -> tuple[int, str]:
        ran.append((command, rule.read_text(encoding="utf-8")))
        return 0, ""

    monkeypatch.setattr(module, "CLUSTER_RULE", rule)
    monkeypatch.setattr(module, "POSTGRESQL_PROGRAMS", str(tmp_path / "lib"))
    monkeypatch.setattr(module, "is_root", lambda: True)
    monkeypatch.setattr(shutil, "which", lambda name: None if name == "initdb" else f"/usr/bin/{name}")
    monkeypatch.setattr(module, "quietly", apt)
    module.provide_test_programs()
    assert [command[-1] for command, _ in ran] == ["update", "postgresql"]
    assert {text for _, text in ran} == {"create_main_cluster = false\n"}
    (tmp_path / "lib" / "15" / "bin").mkdir(parents=True)
    (tmp_path / "lib" / "15" / "bin" / "initdb").touch()
    module.provide_test_programs()
    assert len(ran) == 2
