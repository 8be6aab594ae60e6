#!/usr/bin/env python3
"""Set up and run the workstation from a checkout, with nothing but a Python.

    python3 packaging/run.py demo [ARGS]     the whole job on the built-in phantom study
    python3 packaging/run.py test [ARGS]     the test suite (ARGS go to pytest)
    python3 packaging/run.py lint            formatting, style, types, arrows between rooms
    python3 packaging/run.py bench [ARGS]    the benchmarks
    python3 packaging/run.py setup           only the set-up
    python3 packaging/run.py -- [ARGS]       marrow itself, for example: -- import FOLDER

The first run makes a virtual environment in .venv (or in the folder that MARROW_VENV names) from a
lock file with hashes, and on Debian or Ubuntu installs missing system libraries when it runs as
root. Later runs find everything in place and start at once.

Only the standard library is used, and no syntax newer than Python 3.7, so that an older Python gets
a sentence instead of a traceback.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import importlib.util
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

OLDEST = (3, 11)
CHECKOUT = Path(__file__).resolve().parent.parent
LOCKS = {
    "runtime": CHECKOUT / "packaging" / "requirements.lock",
    "dev": CHECKOUT / "packaging" / "requirements-dev.lock",
}
STAMP = "marrow-setup.json"
GUARD = "marrow-setup.lock"
NEEDED_MIB = {"runtime": 1400, "dev": 2000}
"""Free space asked for before a first installation: the environment itself plus its downloads."""

# What Qt opens at run time, and the Debian package that brings it. The wheels of PySide6 carry Qt
# itself but not these.
QT_LIBRARIES = {
    "libglib-2.0.so.0": "libglib2.0-0",
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libfontconfig.so.1": "libfontconfig1",
    "libdbus-1.so.3": "libdbus-1-3",
}
WINDOW_LIBRARIES = {
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-shape.so.0": "libxcb-shape0",
}
TEST_PROGRAMS = {"dciodvfy": "dicom3tools", "initdb": "postgresql"}
"""Programs that some tests ask for a second opinion or start as a server; without them these are skipped."""
POSTGRESQL_PROGRAMS = "/usr/lib/postgresql"
"""Where Debian keeps those of PostgreSQL, off the path."""
CLUSTER_RULE = Path("/etc/postgresql-common/createcluster.conf")
"""What Debian asks before it makes a database server of its own on installation."""


class SetupError(Exception):
    """The set-up cannot go on; the text is one sentence for the person at the keyboard."""


# --- system packages -----------------------------------------------------------------------------


def missing_libraries(window: bool) -> list[str]:
    """Sonames of the libraries that Qt needs and the dynamic linker does not find (Linux only)."""
    if not sys.platform.startswith("linux"):
        return []
    import ctypes

    wanted = {**QT_LIBRARIES, **(WINDOW_LIBRARIES if window else {})}
    missing = []
    for soname in wanted:
        try:
            ctypes.CDLL(soname)
        except OSError:
            missing.append(soname)
    return missing


def venv_package() -> str | None:
    """The Debian package that lets this Python make environments, or None when it already can."""
    if importlib.util.find_spec("ensurepip") and importlib.util.find_spec("venv"):
        return None
    debian_default = Path("/usr/bin/python3")
    same = debian_default.exists() and debian_default.resolve() == Path(sys.executable).resolve()
    return "python3-venv" if same else "python{}.{}-venv".format(*sys.version_info[:2])


def is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def install_command(packages: list[str]) -> str:
    return "apt-get update && apt-get install -y --no-install-recommends " + " ".join(packages)


def apt_install(packages: list[str], options: tuple[str, ...] = ()) -> None:
    """Install Debian packages as root, with more options of apt-get where they are needed.

    Raises
    ------
    SetupError
        If apt-get fails; the sentence names the file with its output.
    """
    say("Installing system packages: " + " ".join(packages))
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}
    # A failed update may still leave usable lists (one mirror of several down): install decides.
    _, heard = quietly(["apt-get", "update"], environment)
    install = ["apt-get", "install", "-y", *options, "--no-install-recommends", *packages]
    code, output = quietly(install, environment)
    if code:
        output = heard + output
        raise SetupError(
            f"apt-get could not install {' '.join(packages)}: {reason_in(output)}; "
            f"the details are in {keep_output(output)}."
        )


def provide_system_packages(window: bool) -> None:
    """Install what is missing when root, otherwise name the exact command.

    Raises
    ------
    SetupError
        If something is missing that cannot be installed here.
    """
    sonames = missing_libraries(window)
    known = {**QT_LIBRARIES, **WINDOW_LIBRARIES}
    packages = [known[soname] for soname in sonames]
    for_venv = venv_package()
    if for_venv and not environment_python().exists():
        packages.insert(0, for_venv)
    if not packages:
        return
    if not shutil.which("apt-get"):
        if sonames:
            raise SetupError(
                f"Qt needs these system libraries, which are missing here: {', '.join(sonames)}; "
                "install them with the package manager of this system and run this again."
            )
        raise SetupError(
            "This Python cannot make virtual environments (its ensurepip module is missing); "
            "run this with another Python 3.11 or newer."
        )
    if not is_root():
        raise SetupError(
            f"System packages are missing; run this as root, then try again: {install_command(packages)}"
        )
    apt_install(packages)
    still = missing_libraries(window)
    if still:
        raise SetupError(
            f"These libraries are still not found although their packages are installed: {', '.join(still)}; "
            "the Python in use may be built for another system."
        )


def has_program(name: str) -> bool:
    """Whether a program of the tests is installed."""
    found = shutil.which(name) or next(Path(POSTGRESQL_PROGRAMS).glob("*/bin/" + name), None)
    return found is not None


def want_no_server() -> None:
    """Have Debian's PostgreSQL installed without a server of its own: the tests start theirs."""
    if CLUSTER_RULE.exists():
        return
    CLUSTER_RULE.parent.mkdir(parents=True, exist_ok=True)
    CLUSTER_RULE.write_text("create_main_cluster = false\n", encoding="utf-8")


def provide_test_programs() -> None:
    """Install the programs that some tests need; never a reason to stop."""
    packages = [package for program, package in TEST_PROGRAMS.items() if not has_program(program)]
    if not packages or not shutil.which("apt-get"):
        return
    if not is_root():
        say("Some tests will be skipped; for them run as root: " + install_command(packages))
        return
    try:
        if "postgresql" in packages:
            want_no_server()
        apt_install(packages, ("-o", "Dpkg::Options::=--force-confold"))  # so that what we wrote there stays
    except (SetupError, OSError) as error:
        say(f"Some tests will be skipped: {error}")


# --- the environment -----------------------------------------------------------------------------


def environment_folder() -> Path:
    chosen = os.environ.get("MARROW_VENV")
    return Path(chosen).expanduser().resolve() if chosen else CHECKOUT / ".venv"


def scripts_folder() -> Path:
    return environment_folder() / ("Scripts" if os.name == "nt" else "bin")


def environment_python() -> Path:
    return scripts_folder() / ("python.exe" if os.name == "nt" else "python")


def wanted_stamp(kind: str) -> dict[str, str]:
    """What a finished environment of this kind must have been made from."""
    return {
        "kind": kind,
        "lock": hashlib.sha256(LOCKS[kind].read_bytes()).hexdigest(),
        "python": platform.python_version(),
        "platform": f"{sys.platform}-{platform.machine()}",
        "checkout": str(CHECKOUT),
        "folder": str(environment_folder()),
    }


def is_ready(kind: str) -> bool:
    """Whether a finished environment is in place; the dev one also serves as the runtime one."""
    try:
        stamp = json.loads((environment_folder() / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False  # no stamp, or one cut short: the environment is made anew
    kinds = ("runtime", "dev") if kind == "runtime" else ("dev",)
    return environment_python().exists() and any(stamp == wanted_stamp(each) for each in kinds)


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Hold the environment folder against a second set-up running at the same time."""
    folder = environment_folder()
    guard = folder / GUARD
    if folder.exists() and not guard.exists() and any(folder.iterdir()):
        raise SetupError(
            f"The folder {folder} was not made by this program; "
            "move it away, or name another folder in the variable MARROW_VENV."
        )
    folder.mkdir(parents=True, exist_ok=True)
    with guard.open("a+b") as handle:
        if sys.platform == "win32":
            import msvcrt

            handle.seek(0)
            msvcrt.locking(handle.fileno(), msvcrt.LK_LOCK, 1)
            yield
            return
        import fcntl

        # pip inherits the lock: when this process is killed, the next set-up waits for the orphan's end.
        os.set_inheritable(handle.fileno(), True)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Waiting for another set-up of this environment to finish ...")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def make_environment(kind: str) -> None:
    """Make or complete the environment; the stamp is written last, so a cut-short one is made anew."""
    if is_ready(kind):
        return
    with one_at_a_time():
        if is_ready(kind):  # the set-up that was waited for did it
            return
        folder = environment_folder()
        # The dev lock holds the runtime lock's versions and more, so it is laid on top of that.
        if not (kind == "dev" and is_ready("runtime")):
            check_space(folder, kind)
            clear(folder)
            say(f"Making a Python environment in {folder}")
            checked(
                [sys.executable, "-m", "venv", str(folder)],
                "Python could not make a virtual environment",
            )
        install_locked(kind)
        link_checkout()
        text = json.dumps(wanted_stamp(kind), indent=1)
        partial = folder / (STAMP + ".part")
        partial.write_text(text + "\n", encoding="utf-8")
        partial.replace(folder / STAMP)


def check_space(folder: Path, kind: str) -> None:
    free = shutil.disk_usage(folder).free // 2**20
    if free < NEEDED_MIB[kind]:
        raise SetupError(
            f"The disk of {folder} has {free} MiB free and the installation needs about "
            f"{NEEDED_MIB[kind]} MiB; make room, or name a folder elsewhere in the variable MARROW_VENV."
        )


def clear(folder: Path) -> None:
    """Empty the folder of an unfinished or outdated environment, keeping the guard that is held."""
    # The stamp goes first: what is left by an interruption must not look finished.
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name != STAMP):
        if entry.name == GUARD:
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(str(entry))
        else:
            entry.unlink()


def install_locked(kind: str) -> None:
    """Install exactly the files whose hashes the lock names; nothing is built from source."""
    lock = LOCKS[kind]
    say("Installing the Python packages (a minute or two, the first time only)")
    pip = [str(environment_python()), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    locked = ["--require-hashes", "--no-deps", "--only-binary=:all:", "-r", str(lock)]
    checked([*pip, *locked], "The Python packages could not be installed", show=True)


def link_checkout() -> None:
    """Let the environment import the checkout, and give it the command ``marrow``.

    A .pth file and a script do what an editable install does, without fetching a build tool.
    """
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    found = checked([str(environment_python()), "-c", code], "The new environment does not start")
    site_packages = Path(found.strip().splitlines()[-1])
    (site_packages / "marrow-checkout.pth").write_text(f"{CHECKOUT}\n", encoding="utf-8")
    script = scripts_folder() / ("marrow.py" if os.name == "nt" else "marrow")
    script.write_text(
        f"#!{environment_python()}\n"
        "import sys\n\n"
        "from workstation.__main__ import main\n\n"
        'if __name__ == "__main__":\n'
        "    sys.exit(main())\n",
        encoding="utf-8",
    )
    script.chmod(0o755)
    if os.name == "nt":
        shim = f'@"{environment_python()}" "{script}" %*\r\n'
        (scripts_folder() / "marrow.cmd").write_text(shim, encoding="utf-8")


def child_environment() -> dict[str, str]:
    """The caller's environment without what would lead another Python's packages in."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHONHOME")}
    environment.pop("PYTHONPATH", None)
    environment.pop("__PYVENV_LAUNCHER__", None)
    environment["PYTHONNOUSERSITE"] = "1"
    environment["PIP_USER"] = "0"
    return environment


def checked(command: list[str], what: str, show: bool = False) -> str:
    """Run a step of the set-up quietly and return its output.

    Raises
    ------
    SetupError
        If it fails: ``what``, the reason in plain words and the file with the whole output.
    """
    code, output = quietly(command, child_environment(), show)
    if code:
        raise SetupError(f"{what}: {reason_in(output)}; the details are in {keep_output(output)}.")
    return output


def quietly(command: list[str], environment: dict[str, str], show: bool = False) -> tuple[int, str]:
    """Run a program without input; its exit code and everything it said.

    With ``show``, a terminal sees which package pip is at.
    """
    lines = []
    process = subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        close_fds=False,
    )
    with process:
        for line in process.stdout or ():
            lines.append(line)
            if show and sys.stderr.isatty() and line.startswith("Collecting"):
                package = line.split()[1]
                sys.stderr.write(f"\r\033[K  {package}")
                sys.stderr.flush()
    if show and sys.stderr.isatty():
        sys.stderr.write("\r\033[K")
    return process.returncode, "".join(lines)


REASONS = (
    ("No space left on device", "the disk is full"),
    ("Disk quota exceeded", "the disk quota is used up"),
    ("DO NOT MATCH THE HASHES", "a downloaded file is not the one in the lock file"),
    ("SSLError", "the package index was not trusted by this system's certificates"),
    ("CERTIFICATE_VERIFY_FAILED", "the package index was not trusted by this system's certificates"),
    ("Temporary failure in name resolution", "there is no network"),
    ("Temporary failure resolving", "there is no network"),
    ("Could not resolve", "there is no network"),
    ("Name or service not known", "there is no network"),
    ("nodename nor servname", "there is no network"),
    ("getaddrinfo failed", "there is no network"),
    ("Network is unreachable", "there is no network"),
    ("Failed to establish a new connection", "the package index was not reached"),
    ("Connection refused", "the package index was not reached"),
    ("timed out", "the package index did not answer in time"),
    ("Unable to locate package", "this system's package lists do not have it"),
    ("is not a supported wheel", "there is no package for this Python or system"),
    ("No matching distribution found", "there is no package for this Python or system on the index"),
    ("ensurepip", "this Python has no working ensurepip"),
    ("Could not get lock", "another package installation is running"),
    ("Permission denied", "a folder could not be written"),
)


def reason_in(output: str) -> str:
    """The cause of a failed step, in plain words where it is a known one, else its last line."""
    for sign, reason in REASONS:
        if sign in output:
            return reason
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return lines[-1][:200] if lines else "it gave no reason"


def keep_output(output: str) -> str:
    """Keep a failed step's output where a person can read it; says so when even that fails."""
    try:
        handle, name = tempfile.mkstemp(prefix="marrow-setup-", suffix=".log")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(output)
        return name
    except OSError:
        sys.stderr.write(output)
        return "the lines above"


def system_sentence(error: OSError) -> str:
    """One sentence for what the operating system refused."""
    elsewhere = "name another folder in the variable MARROW_VENV"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"The disk of {environment_folder()} is full; make room, or {elsewhere}."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{error.filename or environment_folder()} cannot be written by you; {elsewhere}."
    return f"The set-up was stopped by the system: {error}."


# --- running -------------------------------------------------------------------------------------


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def has_screen() -> bool:
    if not sys.platform.startswith("linux"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def lint_commands(python: str) -> list[list[str]]:
    linter = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    return [
        [python, "-m", "ruff", "check", "."],
        [python, "-m", "ruff", "format", "--check", "."],
        [python, "-m", "mypy"],
        [python, "-c", linter],
    ]


def commands_for(command: str, arguments: list[str]) -> list[list[str]]:
    """The processes that one command of this script stands for."""
    python = str(environment_python())
    marrow = [python, str(scripts_folder() / ("marrow.py" if os.name == "nt" else "marrow"))]
    if command == "demo":
        return [[*marrow, "demo", *arguments]]
    if command == "--":
        return [[*marrow, *arguments]]
    if command == "test":
        # The whole suite runs on two cores; a single file or test is quicker without workers.
        spread = [] if arguments else ["-n", "2", "--dist", "loadfile"]
        return [[python, "-m", "pytest", *spread, *arguments]]
    if command == "bench":
        return [[python, "-m", "benchmarks", *arguments]]
    return lint_commands(python) if command == "lint" else []


def run_all(commands: list[list[str]], environment: dict[str, str], folder: str) -> int:
    """Run each to the end, also after a failure; the worst exit code counts."""
    if len(commands) == 1 and os.name == "posix":
        # Become the program: an interrupt from the keyboard is then its own to answer.
        os.chdir(folder)
        os.execve(commands[0][0], commands[0], environment)
    worst = 0
    for command in commands:
        code = subprocess.run(command, env=environment, cwd=folder, check=False).returncode
        worst = max(worst, code if code >= 0 else 128 - code)
    return worst


def set_up(command: str, arguments: list[str]) -> None:
    kind = "dev" if command in ("test", "lint", "bench") else "runtime"
    window = command in ("demo", "--") and has_screen() and "--headless" not in arguments
    provide_system_packages(window)
    if command == "test":
        provide_test_programs()
    make_environment(kind)


def main(argv: list[str]) -> int:
    """Set up what the command needs, then run it; 0 done, 1 refused with a line, 2 usage, 130 stopped."""
    if sys.version_info[:2] < OLDEST:
        have = "{}.{}".format(*sys.version_info[:2])
        say(f"The workstation needs Python 3.11 or newer and this is {have}; run it with a newer python3.")
        return 1
    if not argv or argv[0] not in ("demo", "test", "lint", "bench", "setup", "--"):
        say(__doc__.strip())
        return 0 if argv[:1] in (["-h"], ["--help"]) else 2
    command, arguments = argv[0], argv[1:]
    try:
        set_up(command, arguments)
        environment = child_environment()
        if command in ("test", "bench"):
            environment.setdefault("QT_QPA_PLATFORM", "offscreen")
        # demo and marrow run where the person is, so that their relative paths mean what they say.
        folder = str(Path.cwd()) if command in ("demo", "--") else str(CHECKOUT)
        return run_all(commands_for(command, arguments), environment, folder)
    except SetupError as error:
        say(str(error))
        return 1
    except OSError as error:
        say(system_sentence(error))
        return 1
    except KeyboardInterrupt:
        say("Stopped; the next run takes up the set-up again.")
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
