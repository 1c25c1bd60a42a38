"""Finding, starting and ending the model process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from geopix_qgis import backend_process, protocol
from geopix_qgis.backend_process import BackendProcess, State, clean_environment, find_python
from geopix_qgis.errors import BackendError


@pytest.fixture
def process(qgis_app):
    process = BackendProcess()
    process.problems = []
    process.failed.connect(process.problems.append)
    yield process
    process.stop()


def start(process):
    process.start(find_python(""))


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_ready_line_is_read_whole_though_it_comes_in_pieces_and_after_other_words(process, fake_process, qtbot):
    fake_process()
    with qtbot.waitSignal(process.ready, timeout=8000):
        start(process)
        assert process.state is State.STARTING
    assert process.state is State.READY
    assert process.endpoint.port > 1024 and len(process.endpoint.token) > 20


def test_stop_ends_the_process(process, fake_process, qtbot):
    fake_process()
    with qtbot.waitSignal(process.ready, timeout=8000):
        start(process)
    pid = process._process.processId()
    process.stop()
    assert process.state is State.OFF and process.endpoint is None
    assert not alive(pid)


def test_a_process_that_fails_at_start_says_why(process, fake_process, qtbot):
    fake_process("fail")
    with qtbot.waitSignal(process.failed, timeout=8000):
        start(process)
    assert process.state is State.ERROR
    assert "No module named 'torch'" in process.problems[0]


def test_lines_of_the_log_are_no_reason_for_an_end(process, tmp_path, qtbot):
    path = tmp_path / "python"
    path.write_text("#!/bin/sh\necho 'INFO uvicorn.error: Started server process [7].' >&2\nexit 5\n")
    path.chmod(0o755)
    with qtbot.waitSignal(process.failed, timeout=8000):
        process.start(path)
    said = "The model process ended unexpectedly (code 5): it did not say why. Ask again to restart it."
    assert process.problems == [said] and "uvicorn" in process.stderr_tail


def test_a_process_of_another_protocol_is_refused_with_both_versions(process, fake_process, qtbot):
    fake_process("old")
    with qtbot.waitSignal(process.failed, timeout=8000):
        start(process)
    assert "version 0" in process.problems[0] and f"version {protocol.VERSION}" in process.problems[0]


def test_a_file_that_is_no_program_is_refused(process, tmp_path, qtbot):
    path = tmp_path / "python"
    path.write_text("not a program")
    with qtbot.waitSignal(process.failed, timeout=8000):
        process.start(path)
    assert str(path) in process.problems[0]
    assert process.state is State.ERROR


def test_a_process_that_does_not_become_ready_is_given_up(process, tmp_path, qtbot):
    path = tmp_path / "python"
    path.write_text("#!/bin/sh\nsleep 60\n")
    path.chmod(0o755)
    process._limit.setInterval(300)
    with qtbot.waitSignal(process.failed, timeout=8000):
        process.start(path)
    assert "not ready within" in process.problems[0]


def test_a_killed_process_is_noticed_and_can_be_started_again(process, fake_process, qtbot):
    fake_process()
    with qtbot.waitSignal(process.ready, timeout=8000):
        start(process)
    with qtbot.waitSignal(process.failed, timeout=8000):
        os.kill(process._process.processId(), signal.SIGKILL)
    with qtbot.waitSignal(process.ready, timeout=8000):
        start(process)


def test_the_process_ends_when_qgis_is_killed(tmp_path, fake_process):
    fake_process()
    script = tmp_path / "parent.py"
    script.write_text(
        textwrap.dedent(
            """
            import sys
            from qgis.PyQt.QtCore import QCoreApplication
            from geopix_qgis.backend_process import BackendProcess, find_python
            application = QCoreApplication([])
            process = BackendProcess()
            process.ready.connect(lambda _: print(process._process.processId(), flush=True))
            process.start(find_python(""))
            application.exec()
            """
        )
    )
    folders = [str(Path(backend_process.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, folders))}
    parent = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, env=environment, text=True)
    try:
        child = int(parent.stdout.readline())
        assert alive(child)
    finally:
        parent.kill()
        parent.wait()
    for _ in range(50):
        if not alive(child):
            break
        subprocess.run(["sleep", "0.1"], check=True)
    assert not alive(child)


def test_only_what_the_process_needs_is_passed_on():
    environ = {
        "PATH": "/bin",
        "LC_ALL": "C",
        "CUDA_VISIBLE_DEVICES": "0",
        "PYTHONPATH": "/qgis",
        "PYTHONHOME": "/qgis",
        "PROJ_LIB": "/qgis",
        "PROJ_DATA": "/qgis",
        "GDAL_DATA": "/qgis",
        "QT_API": "pyqt5",
        "LD_LIBRARY_PATH": "/qgis",
        "AWS_SECRET": "hush",
        "https_proxy": "http://proxy:3128",
        "XDG_DATA_HOME": "/data",
        "GEOPIX_MODELS": "/models",
    }
    assert clean_environment(environ, "t0k") == {
        "PATH": "/bin",
        "LC_ALL": "C",
        "CUDA_VISIBLE_DEVICES": "0",
        "GEOPIX_TOKEN": "t0k",
        "PYTHONUNBUFFERED": "1",
        "https_proxy": "http://proxy:3128",  # models are fetched through it
        "XDG_DATA_HOME": "/data",
        "GEOPIX_MODELS": "/models",
    }


def test_the_setting_comes_before_the_environment(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    one.touch()
    two.touch()
    assert find_python(str(one), {"GEOPIX_BACKEND_PYTHON": str(two)}) == one
    assert find_python("", {"GEOPIX_BACKEND_PYTHON": str(two)}) == two


def test_a_named_python_that_is_missing_is_an_error_that_names_it(tmp_path):
    with pytest.raises(BackendError, match=r"the settings does not exist: .*gone"):
        find_python(str(tmp_path / "gone"), {})


def test_without_any_python_the_error_says_what_to_press(monkeypatch, tmp_path):
    monkeypatch.setattr(backend_process, "__file__", str(tmp_path / "plugins" / "geopix_qgis" / "backend_process.py"))
    with pytest.raises(BackendError, match=r"Press Set up\.\.\. in the dock"):
        find_python("", {})


def test_the_environment_beside_the_real_folder_of_a_linked_plugin_is_found(monkeypatch, tmp_path):
    real = tmp_path / "repository" / "geopix_qgis"
    real.mkdir(parents=True)
    python = tmp_path / "repository" / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch()
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "geopix_qgis").symlink_to(real)
    (real / "backend_process.py").touch()
    monkeypatch.setattr(backend_process, "__file__", str(tmp_path / "plugins" / "geopix_qgis" / "backend_process.py"))
    assert find_python("", {}) == python
