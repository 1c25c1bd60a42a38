"""The windows that set up the model process, as an analyst uses them."""

from __future__ import annotations

import sys
from pathlib import Path

import pip
import pytest
from qgis.core import QgsApplication
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QApplication

from geopix_qgis import backend_process, credentials, install_plan, settings, shipped
from geopix_qgis import installer as installing
from geopix_qgis.backend_process import State
from geopix_qgis.diagnosis import report, setup_report
from geopix_qgis.gui.setup_choices import SetupChoices
from geopix_qgis.gui.setup_dialog import SetupDialog
from geopix_qgis.install_plan import PYTORCH, SETTINGS
from geopix_qgis.install_tools import Machine, Tool
from geopix_qgis.process_home import installed, process_home
from geopix_qgis.redaction import without_home, without_secrets
from tests.qgis import wheels

BASE = getattr(sys, "_base_executable", sys.executable)
PIP = Tool("python", "/usr/bin/python3", sys.version_info[:3], (24, 2))
UV = Tool("uv", "/opt/uv", (0, 13, 9))
NOTHING = Machine(
    (), ("/usr/bin/python3 is Python 3.9.2, 64 bits; 64 bits and Python 3.11 to 3.14 are needed.",), "", "cpu"
)
WITHOUT_VENV = Machine((), (), "", "cpu", ("Install it with: sudo apt install python3.11-venv",))


@pytest.fixture
def borrowing(tmp_path):
    """A Python whose environments borrow the pip of this one, which saves seconds."""
    path = tmp_path / "borrowing" / "python3"
    path.parent.mkdir()
    site, version = Path(pip.__file__).parents[1], ".".join(map(str, sys.version_info[:2]))
    make = f'"{BASE}" -I -m venv --without-pip "$4" && echo "{site}" > "$4/lib/python{version}/site-packages/pip.pth"'
    path.write_text(f'#!/bin/sh\nif [ "$2" = -m ]; then {make}; else exec "{BASE}" "$@"; fi\n')
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def plugin(monkeypatch, tmp_path):
    """An installed plugin: with a wheel, and no environment beside it."""
    wheel = wheels.fill(tmp_path / "packages")[1]
    monkeypatch.setattr("geopix_qgis.gui.setup_choices.packages", lambda: wheel)
    monkeypatch.setattr("geopix_qgis.gui.setup_choices.constraints", lambda: wheels.constraints(tmp_path))
    monkeypatch.setattr(backend_process, "__file__", str(tmp_path / "plugins" / "geopix_qgis" / "backend_process.py"))
    monkeypatch.setattr(installing, "free_bytes", lambda _folder: 10**12)
    monkeypatch.setattr("geopix_qgis.gui.setup_choices.free_bytes", lambda _folder: 10**12)


@pytest.fixture
def dialog(plugin, qtbot, borrowing):
    dialog = SetupDialog(process_home(), [borrowing])
    qtbot.addWidget(dialog)
    dialog.show()
    dialog.look()
    qtbot.waitUntil(lambda: dialog.choices.tool.currentData() is not None, timeout=20_000)
    yield dialog
    dialog.close_down()


def click(qtbot, button):
    assert button.isVisible() and button.isEnabled(), button.objectName()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_an_offline_bundle_is_installed_by_three_clicks(dialog, qtbot, tmp_path):
    bundle = wheels.bundle(tmp_path / "bundle")
    dialog.choices.bundle.setFilePath(str(bundle.folder))
    assert "nothing to fetch" in dialog.choices.cost.text() and not dialog.choices.build.isEnabled()
    with qtbot.waitSignal(dialog.installed, timeout=120_000):
        click(qtbot, dialog.go)
        assert dialog.stop.isVisible() and not dialog.go.isVisible()
    assert "is installed and was started once" in dialog.progress.what.text()
    assert dialog.progress.list.count() == 5 and not dialog.go.isVisible() and not dialog.stop.isVisible()
    assert installed(process_home()) is not None
    click(qtbot, dialog.copy)
    text = QApplication.clipboard().text()
    assert f"### GeoPix {shipped.plugin_version()} report" in text and "offline bundle" in text


def test_a_failed_step_is_shown_with_its_advice_and_can_be_tried_again_or_changed(dialog, qtbot, tmp_path):
    bundle = wheels.bundle(tmp_path / "bundle")
    next(bundle.wheels.glob("torch*")).write_bytes(b"x")
    dialog.choices.bundle.setFilePath(str(bundle.folder))
    click(qtbot, dialog.go)
    qtbot.waitUntil(lambda: dialog.go.isVisible(), timeout=60_000)
    shown = dialog.progress
    assert "damaged" in shown.what.text() and "Try again" in shown.advice.text()
    assert "torch-2.13.0" in shown.log.toPlainText() and not shown.folded.isCollapsed()
    assert dialog.go.text() == "Try again"
    click(qtbot, dialog.back)
    assert dialog.pages.currentWidget() is dialog.choices


def test_a_stopped_installation_says_that_it_can_go_on(dialog, qtbot, tmp_path):
    dialog.choices.bundle.setFilePath(str(wheels.bundle(tmp_path / "bundle").folder))
    click(qtbot, dialog.go)
    click(qtbot, dialog.stop)
    qtbot.waitUntil(lambda: dialog.go.isVisible(), timeout=20_000)
    assert dialog.progress.what.text() == "Stopped." and dialog.go.text() == "Go on"


@pytest.fixture
def choices(plugin, qtbot):
    choices = SetupChoices(process_home())
    qtbot.addWidget(choices)
    choices.show()
    return choices


def test_what_was_found_decides_what_is_proposed_and_can_be_changed(choices):
    choices.show_machine(Machine((UV, PIP), (), "NVIDIA H100, 81559 MiB", "cuda"))
    plan = choices.plan()
    assert (plan.tool, plan.build) == (UV, "cuda") and "NVIDIA H100" in choices.gpu.text()
    assert "3.5 GB to fetch" in choices.cost.text() and "11.0 GB of disk" in choices.cost.text()
    choices.build.setCurrentIndex(choices.build.findData("cpu"))
    assert "0.4 GB to fetch" in choices.cost.text()
    choices.tool.setCurrentIndex(1)
    assert choices.plan().tool == PIP


def choose_source(choices, source):
    choices.source.setCurrentIndex(choices.source.findData(source))


@pytest.mark.parametrize(("known", "source"), [(False, PYTORCH), (True, SETTINGS)])
def test_pytorch_comes_from_its_own_index_unless_pip_is_set_to_a_mirror(known, source, choices, monkeypatch):
    monkeypatch.setattr("geopix_qgis.gui.setup_choices.knows_an_index", lambda kind: known and kind == "python")
    choices.show_machine(Machine((UV, PIP), (), "", "cpu"))
    assert choices.plan().index == PYTORCH and not choices.note.isVisible()
    choices.tool.setCurrentIndex(1)
    assert choices.plan().index == source
    choose_source(choices, SETTINGS)
    if sys.platform == "linux":
        assert (
            "the CUDA build comes from there" in choices.note.text() and "up to 3.5 GB to fetch" in choices.cost.text()
        )


def test_an_address_for_pytorch_is_asked_for_and_used(choices):
    choices.show_machine(Machine((UV, PIP), (), "", "cpu"))
    assert not choices.index.isVisible()
    choose_source(choices, "address")
    assert choices.index.isVisible() and choices.plan() is None and "Type the address" in choices.note.text()
    choices.index.setText("https://example.org/cpu")
    assert choices.plan().index == "https://example.org/cpu" and not choices.note.isVisible()
    choices.tool.setCurrentIndex(1)
    assert choices.plan().index == "https://example.org/cpu"


def test_every_command_can_be_read_before_it_runs_and_holds_no_password(choices):
    choices.show_machine(Machine((UV,), (), "NVIDIA H100, 81559 MiB", "cuda"))
    shown = choices.commands.toPlainText()
    for step in install_plan.steps(choices.plan()):
        assert f"# {step.title}\n{' '.join((step.program, *step.arguments))}" in shown
    assert "--torch-backend auto torch" in shown
    choose_source(choices, "address")
    choices.index.setText("https://me:hunter2@example.org/cpu")
    assert "example.org/cpu torch" in choices.commands.toPlainText() and "hunter2" not in choices.commands.toPlainText()


def test_a_python_that_lacks_its_venv_is_told_with_the_command_and_nothing_else(choices):
    choices.show_machine(WITHOUT_VENV)
    assert choices.plan() is None and choices.again.isEnabled()
    assert choices.note.text() == "Install it with: sudo apt install python3.11-venv\nThen press Look again."


def test_without_any_tool_it_says_what_to_install(choices):
    choices.show_machine(NOTHING)
    assert choices.plan() is None
    assert "Install Python 3.12" in choices.note.text() and "is Python 3.9.2" in choices.note.text()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"version": "0.0.1"}, "is of version 0.0.1"),
        ({"system": "beos-ppc"}, "is for beos-ppc"),
        ({"python": "3.99"}, "is for Python 3.99"),
    ],
)
def test_a_bundle_for_something_else_is_refused_before_anything_runs(choices, tmp_path, change, said):
    choices.show_machine(Machine((PIP,), (), "", "cpu"))
    choices.bundle.setFilePath(str(wheels.bundle(tmp_path / "bundle", **change).folder))
    assert choices.plan() is None and said in choices.note.text()
    choices.bundle.setFilePath(str(tmp_path))
    assert choices.plan() is None and "scripts/bundle" in choices.note.text()


def test_a_disk_that_is_too_full_is_told_before_the_button_is_pressed(choices, monkeypatch):
    monkeypatch.setattr("geopix_qgis.gui.setup_choices.free_bytes", lambda _folder: 10**9)
    choices.show_machine(Machine((UV,), (), "", "cpu"))
    assert "1 GB are free" in choices.cost.text() and "too little" in choices.note.text()


def test_the_dock_shows_the_card_before_anything_is_asked_and_hides_it_after_the_setup(
    plugin, dock, qtbot, fake_process
):
    dock.setting_up.check()
    card = dock.panel.card
    assert card.isVisible() and "not installed yet" in card._message.text()
    click(qtbot, card.setup)
    window = dock.setting_up.setup
    assert window.isVisible() and not window.isModal()
    fake_process()
    window.installed.emit()
    assert not card.isVisible()
    qtbot.waitUntil(lambda: dock.conversation.process.state is State.READY, timeout=10_000)


def test_a_server_is_tried_before_it_is_used_and_its_token_is_kept_in_qgis(dock, serve, qtbot, said):
    assert QgsApplication.authManager().setMasterPassword("of the test", True)
    server = serve(None)
    dock.setting_up.show_server()
    window = dock.setting_up.server
    assert not window.use.isEnabled() and not window.isModal()
    window.url.setText(f"127.0.0.1:{server.port}")
    window.key.setText("wrong")
    assert "not encrypted" in window.warning.text() and window.warning.isVisible()
    click(qtbot, window.use)
    qtbot.waitUntil(lambda: "does not accept the token" in window.note.text(), timeout=10_000)
    assert settings.load().server_url == ""
    window.key.setText(server.token)
    click(qtbot, window.use)
    qtbot.waitUntil(lambda: dock.conversation.process.state is State.READY, timeout=10_000)
    url = f"http://127.0.0.1:{server.port}"
    assert settings.load().server_url == url and credentials.recall(url) == server.token
    assert f"now go to {url}" in said[-1][0] and f"go to {url}" in dock.panel.status.toolTip()
    dock.show_model()
    panel = dock._model_panel
    qtbot.waitUntil(lambda: panel.memory.isVisible(), timeout=10_000)
    assert panel.memory.format() == "Fake 9000: 2.0 of 8.0 GiB in use, 6.0 free"
    text = report(dock.conversation.process, None, panel._health)
    assert server.token not in text and url in text
    click(qtbot, panel.here)
    assert settings.load().server_url == ""
    window.url.setText("https://box:8443")
    assert not window.warning.isVisible()


def ready(dock, fake_process, qtbot, mode="answer"):
    fake_process(mode)
    dock.conversation.warm_up()
    qtbot.waitUntil(lambda: bool(dock.conversation.models), timeout=10_000)
    dock.show_model()
    return dock._model_panel


def test_start_stop_and_restart_follow_the_process(dock, fake_process, qtbot):
    panel = ready(dock, fake_process, qtbot)
    assert not panel.begin.isEnabled() and panel.light.text() == "ready"
    click(qtbot, panel.end)
    assert dock.conversation.process.state is State.OFF and not panel.restart.isEnabled()
    click(qtbot, panel.begin)
    qtbot.waitUntil(lambda: dock.conversation.process.state is State.READY, timeout=10_000)


def choose_large(panel):
    panel.models.box.setCurrentIndex(1)
    panel.models.box.activated.emit(1)


def test_a_model_is_fetched_with_its_progress_and_then_asked(dock, fake_process, qtbot):
    models = ready(dock, fake_process, qtbot).models
    choose_large(dock._model_panel)
    assert "fetches 22.7 GB" in models.note.text() and settings.load().model == "nano"
    heard = []
    models.download.progress.connect(lambda event: heard.append(models.note.text()))
    click(qtbot, models.fetch)
    qtbot.waitUntil(lambda: settings.load().model == "large", timeout=10_000)
    assert "large is here" in models.note.text() and models.bar.isHidden()
    assert "Fetching: 1.0 of 2.0 GB, 5.0 MB/s, 3 min left" in heard


def test_a_download_can_be_stopped_and_a_failed_one_says_why(dock, fake_process, qtbot):
    models = ready(dock, fake_process, qtbot, "slow").models
    choose_large(dock._model_panel)
    click(qtbot, models.fetch)
    qtbot.waitUntil(lambda: "1.0 of 2.0 GB" in models.note.text(), timeout=10_000)
    click(qtbot, models.stop)
    qtbot.waitUntil(lambda: "What has come is kept" in models.note.text(), timeout=10_000)
    dock.conversation.process.stop()
    models = ready(dock, fake_process, qtbot, "error").models
    qtbot.waitUntil(lambda: dock.conversation.process.endpoint is not None, timeout=10_000)
    choose_large(dock._model_panel)
    click(qtbot, models.fetch)
    qtbot.waitUntil(lambda: models.note.text() == "The disk is full; make room.", timeout=10_000)
    assert settings.load().model == "nano"


def test_a_crash_says_what_happened_the_next_question_restarts_and_no_turn_is_lost(dock, ask, said):
    ask(mode="die")
    turn = dock.conversation.turns[0]
    assert "MemoryError: needed 9.8 GB" in turn.problem and "1 Für" not in turn.problem and turn.answer
    assert dock.conversation.process.state is State.ERROR
    ask(prompt="again")
    assert [t.problem == "" for t in dock.conversation.turns] == [False, True]
    assert turn.answer and dock.conversation.process.state is State.READY


def test_reports_hold_neither_names_nor_secrets(monkeypatch, tmp_path):
    monkeypatch.setattr(Path, "home", lambda: Path("/home/ada"))
    text = without_home(
        without_secrets(
            "/home/ada/x /home/adam/y https://me:pw@mirror/simple Authorization: Bearer abc.def "
            "GEOPIX_TOKEN=s3cr3t hf_abcdefghijkl password: hunter2 my-own-word",
            "my-own-word",
        )
    )
    for secret in ("me:pw", "abc.def", "s3cr3t", "hf_abc", "hunter2", "my-own-word", "/home/ada/"):
        assert secret not in text
    assert "~/x" in text and "/home/adam/y" in text and "https://(hidden)@mirror/simple" in text
    versions = '"tokenizers": "0.23.3", tokenizers==0.23.3'
    assert without_secrets(versions) == versions
    plan = install_plan.Plan(Path("/home/ada/process"), PIP, "cpu", Path("w"), Path("c"), "0.1.0")
    assert "/home/ada" not in setup_report(plan, "Looking in /home/ada/.cache")
