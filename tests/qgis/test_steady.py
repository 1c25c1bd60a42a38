"""What a day of use does: many answers, many reloads, processes that die, projects that come and go."""

from __future__ import annotations

import gc
import os
import signal
import threading

import pytest
from qgis.core import QgsApplication, QgsProject
from qgis.PyQt.QtCore import QEvent, QObject
from qgis.PyQt.QtWidgets import QApplication

import geopix_qgis
from geopix_qgis import areas
from geopix_qgis.conversation import Conversation, Phase
from geopix_qgis.gui.dock import GeoPixDock

VIEW = (500_010, 5_399_970, 500_030, 5_399_985)
ANSWERS, RELOADS = 50, 100


class Silent(QObject):
    """A message bar that nobody reads."""

    def pushMessage(self, *_words):
        pass


@pytest.fixture
def dock(qgis_app, qgis_canvas, qgis_new_project, qtbot):
    dock = GeoPixDock(qgis_canvas, Silent())
    qtbot.addWidget(dock)
    dock.show()
    yield dock
    qgis_canvas.stopRendering()
    dock.close_down()


@pytest.mark.timeout(300)
def test_fifty_streamed_answers_in_a_row(dock, write_raster, add_raster, look_at, fake_process, qtbot):
    fake_process()
    layer, talk = add_raster(write_raster()), dock.conversation
    for number in range(ANSWERS):
        assert talk.ask(f"question {number}", layer, areas.WHOLE_LAYER, look_at(VIEW))
        qtbot.waitUntil(lambda: not talk.active, timeout=10_000)
        qtbot.wait(5)
    assert [turn.problem for turn in talk.turns] == [""] * ANSWERS
    assert sum(layer.featureCount() for layer in talk.last_result.layers) == 2 * ANSWERS
    assert dock.panel.transcript.toPlainText().count("GeoPix") == ANSWERS
    assert len(talk.book.context) == ANSWERS


def children():
    """Processes that this one has started and that have not ended."""
    with open(f"/proc/{os.getpid()}/task/{os.getpid()}/children") as file:
        return len(file.read().split())


def census(iface, canvas):
    window = iface.window
    for _ in range(3):
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        QApplication.processEvents()
    gc.collect()
    project = QgsProject.instance()
    return {
        "widgets": len(QApplication.allWidgets()),
        "objects of the window": len(window.findChildren(QObject)),
        "objects of the canvas": len(canvas.findChildren(QObject)),
        "items on the map": len(canvas.scene().items()),
        "canvas listeners": sum(
            canvas.receivers(s) for s in (canvas.extentsChanged, canvas.rotationChanged, canvas.selectionChanged,
                                          canvas.destinationCrsChanged, canvas.mapToolSet)
        ),
        "project listeners": sum(
            project.receivers(s) for s in (project.readProject, project.cleared, project.layersAdded,
                                           project.layersRemoved, project.layerWillBeRemoved)
        ),
        "entries of menus, keys, filters, pages": len(iface.menu.actions() + iface.help.actions() + iface.bar.actions())
        + len(iface.keys)
        + len(iface.filters)
        + len(iface.pages),
        "algorithms": len(QgsApplication.processingRegistry().algorithms()),
        "threads": threading.active_count(),
        "processes": children(),
    }  # fmt: skip


@pytest.mark.timeout(300)
def test_a_hundred_reloads_leave_nothing_behind(qgis_app, qgis_canvas, qgis_new_project, iface, fake_process, qtbot):
    fake_process()

    def reload(start_process):
        plugin = geopix_qgis.classFactory(iface)
        plugin.initGui()
        if start_process:
            plugin.show_help()
            plugin.dock.conversation.warm_up()
            qtbot.waitUntil(lambda: plugin.dock.conversation.process.state.value == "ready", timeout=10_000)
            assert children() > 0
        plugin.unload()

    for start_process in (True, False, False):  # what Qt makes once and keeps is made now
        reload(start_process)
    before = census(iface, qgis_canvas)
    for number in range(RELOADS):
        reload(number % 20 == 0)
    after = census(iface, qgis_canvas)
    # A thread that another test has left may end meanwhile.
    assert after.pop("threads") <= before.pop("threads")
    assert after == before


def test_a_process_killed_in_mid_answer_is_told_and_what_arrived_is_kept(
    dock, write_raster, add_raster, look_at, fake_process, qtbot
):
    fake_process("slow")
    layer, talk = add_raster(write_raster()), dock.conversation
    assert talk.ask("first", layer, areas.WHOLE_LAYER, look_at(VIEW))
    qtbot.waitUntil(lambda: bool(talk.turns[0].regions), timeout=10_000)
    os.kill(talk.process._process.processId(), signal.SIGKILL)
    qtbot.waitUntil(lambda: not talk.active, timeout=10_000)
    qtbot.wait(400)
    assert talk.phase is Phase.ERROR
    assert "ended unexpectedly (code 9): it crashed or was killed, perhaps" in talk.turns[0].problem
    assert "ended unexpectedly" in dock.panel.transcript.toPlainText()
    assert talk.last_result.layers[0].featureCount() == 1
    fake_process("answer")
    assert talk.ask("second", layer, areas.WHOLE_LAYER, look_at(VIEW))
    qtbot.waitUntil(lambda: not talk.active, timeout=10_000)
    assert talk.phase is Phase.IDLE and talk.turns[1].regions == 2
    assert "first" in dock.panel.transcript.toPlainText()
    assert talk.last_result.layers[0].featureCount() == 3


def test_another_project_in_mid_answer_ends_the_question_and_gets_no_polygons(
    qgis_app, qgis_new_project, write_raster, add_raster, look_at, fake_process, qtbot
):
    fake_process("slow")
    talk = Conversation()
    assert talk.ask("first", add_raster(write_raster()), areas.WHOLE_LAYER, look_at(VIEW))
    qtbot.waitUntil(lambda: bool(talk.turns[0].regions), timeout=10_000)
    QgsProject.instance().clear()
    qtbot.wait(300)
    assert talk.phase is Phase.STOPPED and talk.turns == []
    assert QgsProject.instance().mapLayers() == {}
    talk.process.stop()
    fake_process("answer")
    assert talk.ask("second", add_raster(write_raster("other.tif")), areas.WHOLE_LAYER, look_at(VIEW))
    qtbot.waitUntil(lambda: not talk.active, timeout=10_000)
    assert [turn.prompt for turn in talk.turns] == ["second"]
    talk.close()
