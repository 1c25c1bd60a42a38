"""Installing for real, in a real environment, with tiny packages in the place of large ones."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pip
import pytest

from geopix_qgis import installer as module
from geopix_qgis import process_home
from geopix_qgis.backend_process import find_python
from geopix_qgis.errors import BackendError
from geopix_qgis.install_plan import Plan
from geopix_qgis.install_tools import Search, Tool
from geopix_qgis.installer import Installer, install_environment
from geopix_qgis.process_home import Installed, installed, python_of, switch_to
from geopix_qgis.process_home import process_home as home_of
from geopix_qgis.shipped import plugin_version
from tests.qgis import wheels

BASE = getattr(sys, "_base_executable", sys.executable)
LIMIT_MS = 120_000


def fake_tool(tmp_path, script):
    """A program in the place of Python; an old pip comes with it."""
    path = tmp_path / f"fake{abs(hash(script))}" / "python3"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return Tool("python", str(path), sys.version_info[:3], (20, 0))


@pytest.fixture
def python(tmp_path):
    """Makes environments that borrow the pip of this one: unpacking a pip of their own takes most of the time."""
    site = Path(pip.__file__).parents[1]
    path = "lib/python$VERSION/site-packages/borrowed.pth"
    version = ".".join(map(str, sys.version_info[:2]))
    make = f'"{BASE}" -I -m venv --without-pip "$4" && echo "{site}" > "$4/{path}"'.replace("$VERSION", version)
    return fake_tool(tmp_path, make)


@pytest.fixture
def plan_of(tmp_path, monkeypatch, python):
    """A plan with a bundle, and what is free on the disk is enough."""
    monkeypatch.setattr(module, "free_bytes", lambda _folder: 10**12)

    def make(bundle=None, tool=python, build="cpu", **changes):
        bundle = bundle or wheels.bundle(tmp_path / "bundle")
        found = installed(home_of())
        replaces = found.folder if found else ""
        made = (tmp_path, wheels.constraints(tmp_path), plugin_version())
        return Plan(home_of(), tool, build, *made, bundle=bundle, replaces=replaces, **changes)

    return make


@pytest.fixture
def run(qtbot):
    """Runs an installer to its end; gives what it told."""

    def run(installer, until=None):
        told = {"steps": [], "said": [], "problems": [], "end": ""}
        installer.step_began.connect(lambda number: told["steps"].append(installer.steps[number].name))
        installer.said.connect(told["said"].append)
        installer.finished.connect(lambda: told.update(end="finished"))
        installer.cancelled.connect(lambda: told.update(end="cancelled"))
        installer.failed.connect(lambda problem: (told["problems"].append(problem), told.update(end="failed")))
        if until is not None:
            installer.step_began.connect(until)
        installer.start()
        qtbot.waitUntil(lambda: bool(told["end"]), timeout=LIMIT_MS)
        assert not installer.active
        return told

    return run


def test_a_bundle_is_installed_checked_and_used_and_another_one_replaces_it_only_when_complete(plan_of, run, tmp_path):
    told = run(Installer(plan_of()))
    assert told["end"] == "finished", told
    assert told["steps"] == ["environment", "bundle", "torch", "packages", "check"]
    first = find_python("", {"GEOPIX_HOME": str(home_of())})
    assert first.parent.parent.parent == home_of() and first.is_file()
    assert any("It runs on cpu" in line for line in told["said"])
    assert (home_of() / process_home.LOG).is_file() and not (home_of() / process_home.BEGUN).exists()
    modules = subprocess.run([first, "-I", "-c", "import torch, geopix_backend"], capture_output=True)
    assert modules.returncode == 0
    mine = subprocess.run([sys.executable, "-c", "import geopix_backend.cli"], capture_output=True, cwd=tmp_path)
    assert mine.returncode != 0  # nothing came into QGIS's Python

    # One that asks for a GPU and finds none is not used, and the first one stays as it was.
    wanted = plan_of(wheels.bundle(tmp_path / "other", build="cuda"), build="cuda")
    assert wanted.environment != first.parent.parent
    told = run(Installer(wanted))
    assert told["end"] == "failed" and told["problems"][0].name == "gpu"
    assert find_python("", {"GEOPIX_HOME": str(home_of())}) == first

    # A better one, made with the same steps, is used at once, and finished steps are not repeated.
    wheels.fill(wanted.bundle.wheels, "cuda:0")
    cli = next(wanted.environment.rglob("geopix_backend/cli.py"))
    cli.write_text(wheels.DOCTOR % "cuda:0")
    told = run(Installer(wanted))
    assert told["end"] == "finished", told
    assert [line for line in told["said"] if "done before" in line] and "Start it once" in str(told["said"])
    assert find_python("", {"GEOPIX_HOME": str(home_of())}) == wanted.python
    process_home.remove_unused(home_of())
    for _ in range(300):  # its Python goes early, the folder last
        if not first.parents[1].exists():
            break
        subprocess.run(["sleep", "0.1"], check=True)
    assert [path.name for path in process_home.environments(home_of())] == [wanted.environment.name]


def test_a_stopped_installation_goes_on_where_it_was(plan_of, run):
    plan = plan_of()
    stopping = Installer(plan)
    told = run(stopping, lambda number: stopping.cancel() if stopping.steps[number].name == "torch" else None)
    assert told["end"] == "cancelled" and told["steps"][-1] == "torch"
    assert installed(plan.home) is None
    again = Installer(plan)
    assert again.done_before == ["environment", "bundle"]
    made = plan.python.stat().st_ctime_ns
    assert run(again)["end"] == "finished"
    assert plan.python.stat().st_ctime_ns == made


def test_a_damaged_bundle_is_refused_before_anything_is_installed_from_it(plan_of, run, tmp_path):
    bundle = wheels.bundle(tmp_path / "bundle")
    victim = bundle.wheels / "torch-2.13.0-py3-none-any.whl"
    victim.write_bytes(victim.read_bytes() + b"x")
    told = run(Installer(plan_of(bundle)))
    assert told["problems"][0].name == "damaged" and told["steps"][-1] == "bundle"
    assert "torch-2.13.0" in told["problems"][0].said


@pytest.mark.parametrize(
    ("name", "script"),
    [
        ("killed", "kill -9 $$"),
        ("disk", "echo 'OSError: [Errno 28] No space left on device' >&2; exit 1"),
        ("venv", "echo 'ensurepip is not available'; exit 1"),
        ("unknown", "exit 3"),
    ],
)
def test_a_failed_step_is_named_and_the_next_try_begins_with_it(name, script, plan_of, run, tmp_path):
    installer = Installer(plan_of(tool=fake_tool(tmp_path, script)))
    told = run(installer)
    assert told["problems"][0].name == name and told["problems"][0].advice
    assert installer.done_before == []


def test_a_program_that_is_gone_is_told(plan_of, run, tmp_path):
    told = run(Installer(plan_of(tool=Tool("python", str(tmp_path / "gone"), (3, 12, 0), (25, 0)))))
    assert told["problems"][0].name == "program" and "gone" in told["problems"][0].what


def test_progress_of_pip_becomes_megabytes_and_its_words_are_shown(plan_of, run, tmp_path):
    words = "echo 'Collecting torch'; echo 'Progress 1000000 of 4000000'"
    script = f"{words}; printf 'Progress 40'; sleep 0.2; echo '00000 of 4000000'; exit 1"
    installer = Installer(plan_of(tool=fake_tool(tmp_path, script)))
    heard = []
    installer.progress.connect(lambda *values: heard.append(values))
    told = run(installer)
    assert (
        (0.0, 0.0, "Collecting torch") in heard
        and (1e6, 4e6, "1 of 4 MB") in heard
        and (4e6, 4e6, "4 of 4 MB") in heard
    )
    assert not [line for line in told["said"] if line.startswith("Progress")]


def test_a_full_disk_and_a_folder_that_may_not_be_written_are_told_before_anything_runs(
    plan_of, run, monkeypatch, tmp_path
):
    monkeypatch.setattr(module, "free_bytes", lambda _folder: 10**9)
    told = run(Installer(plan_of()))
    assert told["problems"][0].name == "disk" and told["steps"] == []
    (tmp_path / "file").touch()
    monkeypatch.setenv("GEOPIX_HOME", str(tmp_path / "file" / "home"))
    told = run(Installer(plan_of()))
    assert told["end"] == "failed" and str(tmp_path / "file") in told["problems"][0].what and told["steps"] == []


def test_two_installations_do_not_write_into_one_folder(plan_of, run, tmp_path, qtbot):
    first = Installer(plan_of(tool=fake_tool(tmp_path, "sleep 30")))
    first.start()
    qtbot.waitUntil(lambda: first._process is not None, timeout=5000)
    told = run(Installer(plan_of()))
    assert told["problems"][0].name == "locked"
    with qtbot.waitSignal(first.cancelled, timeout=5000):
        first.cancel()


def test_pip_and_uv_see_their_own_settings_and_nothing_of_qgis(tmp_path):
    environ = {
        "PATH": "/bin",
        "HOME": "/home/a",
        "PIP_INDEX_URL": "https://mirror/simple",
        "UV_INDEX_URL": "https://mirror/simple",
        "XDG_CONFIG_HOME": "/home/a/.config",
        "REQUESTS_CA_BUNDLE": "/ca.pem",
        "PYTHONPATH": "/qgis",
        "PYTHONHOME": "/qgis",
        "VIRTUAL_ENV": "/other",
        "LD_LIBRARY_PATH": "/qgis",
        "QT_API": "pyqt5",
    }
    seen = install_environment(environ, "/big/tmp")
    assert seen["PIP_INDEX_URL"] == seen["UV_INDEX_URL"] == "https://mirror/simple"
    assert seen["TMPDIR"] == "/big/tmp" and seen["REQUESTS_CA_BUNDLE"] == "/ca.pem" and seen["UV_SYSTEM_CERTS"] == "1"
    assert not {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "QT_API", "GEOPIX_TOKEN"} & set(seen)


def test_the_proxy_of_qgis_is_passed_on_where_the_environment_names_none(monkeypatch):
    monkeypatch.setattr(module, "_proxy_of_qgis", lambda: "http://proxy:3128")
    assert install_environment({}, "/tmp")["HTTPS_PROXY"] == "http://proxy:3128"
    assert "HTTPS_PROXY" not in install_environment({"https_proxy": "http://other:1"}, "/tmp")


def test_secrets_do_not_reach_the_log(plan_of, run, tmp_path):
    script = "echo 'Looking in indexes: https://user:hunter2@mirror/simple'; exit 1"
    told = run(Installer(plan_of(tool=fake_tool(tmp_path, script))))
    log = (home_of() / process_home.LOG).read_text()
    assert "hunter2" not in log + str(told) and "https://(hidden)@mirror/simple" in log


def test_an_environment_of_another_version_is_refused_with_both_versions(tmp_path):
    home = home_of()
    python = python_of(home / "env-old")
    python.parent.mkdir(parents=True)
    python.touch()
    switch_to(home, Installed("env-old", "0.0.9", "cpu"))
    with pytest.raises(BackendError, match=rf"version 0\.0\.9, this plugin of version {plugin_version()}.*Set up"):
        find_python("", {"GEOPIX_HOME": str(home)})
    python.unlink()
    assert installed(home) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"folder": 3}'])
def test_a_file_that_cannot_be_read_is_as_none(text):
    home_of().mkdir()
    (home_of() / process_home.CURRENT).write_text(text)
    assert installed(home_of()) is None


def test_the_search_asks_programs_and_says_why_some_cannot_be_used(qtbot, tmp_path):
    def program(name, script):
        path = tmp_path / name / name.split("_")[0]
        path.parent.mkdir()
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return str(path)

    facts = '{"version": [3, %d, 1], "pip": "24.2", "bits": %d}'
    search = Search(
        [
            program("python3_a", f"echo '{facts % (11, 64)}'"),
            program("python3_b", f"echo '{facts % (12, 64)}'"),
            program("python3_old", f"echo '{facts % (9, 64)}'"),
            program("python3_small", f"echo '{facts % (12, 32)}'"),
            program("python3_bare", """echo '{"version": [3, 11, 2], "pip": "", "bits": 64}'"""),
            program("python3_rude", "exit 9"),
            str(tmp_path / "gone"),
            program("uv", "echo 'uv 0.13.9 (x86)'"),
            program("nvidia-smi", "echo 'NVIDIA H100, 81559 MiB'"),
        ]
    )
    with qtbot.waitSignal(search.found, timeout=20_000) as found:
        search.start()
    machine = found.args[0]
    assert [(tool.kind, tool.version) for tool in machine.tools] == [
        ("uv", (0, 13, 9)),
        ("python", (3, 12, 1)),
        ("python", (3, 11, 1)),
    ]
    assert (machine.gpu, machine.build) == ("NVIDIA H100, 81559 MiB", "cuda")
    assert "3.9.1" in machine.unusable[0] and "32 bits" in machine.unusable[1] and len(machine.unusable) == 2
    (without_venv,) = machine.without_venv
    assert "Python 3.11.2" in without_venv and without_venv.endswith("sudo apt install python3.11-venv")


def test_the_python_of_this_test_is_found(qtbot):
    search = Search([BASE])
    with qtbot.waitSignal(search.found, timeout=20_000) as found:
        search.start()
    assert [tool.version for tool in found.args[0].tools] == [sys.version_info[:3]]


def test_a_python_without_venv_is_known_as_such(qtbot, tmp_path):
    """As on a bare Debian, where ensurepip is in a package of its own."""
    hide = (
        "import importlib.util as u; real = u.find_spec; u.find_spec = lambda name: name != 'ensurepip' and real(name)"
    )
    python = tmp_path / "python3"
    python.write_text(f'#!/bin/sh\nexec "{BASE}" -I -c "{hide}; $3"\n')
    python.chmod(0o755)
    search = Search([str(python)])
    with qtbot.waitSignal(search.found, timeout=20_000) as found:
        search.start()
    version = ".".join(map(str, sys.version_info[:3]))
    assert not found.args[0].tools and version in found.args[0].without_venv[0]


def test_the_home_is_a_folder_of_the_user_and_can_be_named():
    assert home_of({"GEOPIX_HOME": "/big/geopix"}) == Path("/big/geopix")
    assert home_of({}).is_absolute() and home_of({}).parts[-2:] == ("geopix", "process")
    assert os.path.commonpath([home_of({}), sys.prefix]) != sys.prefix
