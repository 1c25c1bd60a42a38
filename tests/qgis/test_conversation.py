"""From a question to polygons, with a real child process and real sockets."""

from __future__ import annotations

import dataclasses
import os
import signal

import pytest
from osgeo import gdal
from qgis.core import QgsProject, QgsRasterLayer

from geopix_qgis import areas, protocol, settings
from geopix_qgis.backend_process import Endpoint, State
from geopix_qgis.conversation import Conversation, Phase
from geopix_qgis.protocol import MAX_PROMPT_CHARS
from geopix_qgis.storage import tables_of

VIEW = (500_010, 5_399_970, 500_030, 5_399_985)


@pytest.fixture
def talk(qgis_app, qgis_new_project):
    talk = Conversation()
    talk.problems, talk.said, talk.phases = [], [], []
    talk.failed.connect(talk.problems.append)
    talk.python_missing.connect(lambda why: talk.problems.append(f"card: {why}"))
    talk.text.connect(lambda text, target: talk.said.append((text, target)))
    talk.phase_changed.connect(talk.phases.append)
    yield talk
    talk.close()


def settle(qtbot, talk):
    qtbot.waitUntil(lambda: not talk.active, timeout=10_000)
    qtbot.wait(30)


def test_a_question_becomes_text_and_polygons_on_the_pixels_that_were_asked(
    talk, write_raster, add_raster, look_at, fake_process, qtbot
):
    fake_process()
    layer = add_raster(write_raster())
    assert talk.ask("  find roofs\n", layer, areas.WHOLE_LAYER, look_at(VIEW))
    settle(qtbot, talk)
    assert talk.phases == [Phase.STARTING, Phase.ASKING, Phase.IDLE]
    turn = talk.turns[0]
    assert turn.answer == "Für find roofs: 1 house. Für find roofs: 1 pond. "
    assert ("house", 0) in talk.said
    result = talk.last_result
    assert result.layers[0].featureCount() == 2
    ((houses, (fid,)),) = result.find(1, 0)
    house = houses.getFeature(fid)
    assert house["class"] == "house" and house["prompt"] == "find roofs" and house["turn"] == 1
    # The left half of 120 x 80 pixels of 0.5 m.
    box = house.geometry().boundingBox()
    corners = (box.xMinimum(), box.yMinimum(), box.xMaximum(), box.yMaximum())
    assert corners == (500_000, 5_399_960, 500_030, 5_400_000)
    assert result.layers[0].crs() == layer.crs()
    assert turn.phrases[0].colour == result.colours["house"] and turn.phrases[0].arrived == 1 and 7 not in turn.phrases
    assert (turn.source, turn.area, house["source"]) == (layer.source(), "whole layer", layer.source())
    assert house["time"] == turn.time and turn.time.endswith("Z")


def test_the_second_question_is_told_the_first_and_adds_to_the_same_layer(
    talk, write_raster, add_raster, look_at, serve, fake, qtbot
):
    server = serve(lambda request: (protocol.encode_event(event) for event in fake.events_for(request)))
    talk.process.state, talk.process.endpoint = State.READY, Endpoint(server.port, server.token)
    layer = add_raster(write_raster())
    for prompt in ("first", "second"):
        assert talk.ask(prompt, layer, areas.VIEW, look_at(VIEW))
        settle(qtbot, talk)
    assert [turn.prompt for turn in server.requests[1].history] == ["first"]
    assert server.requests[1].history[0].answer == talk.turns[0].answer
    assert [request.turn for request in server.requests] == [1, 2]
    assert talk.turns[0].result is talk.turns[1].result
    assert talk.last_result.layers[0].featureCount() == 4
    other = add_raster(write_raster("other.tif"))
    talk.ask("third", other, areas.WHOLE_LAYER, look_at(VIEW))
    settle(qtbot, talk)
    assert server.requests[2].history == ()
    assert talk.turns[2].result is not talk.turns[1].result


def test_answers_go_into_a_geopackage_beside_the_raster_one_layer_for_each_class(
    talk, write_raster, add_raster, look_at, fake_process, qtbot, tmp_path
):
    settings.save(settings.Settings(storage="geopackage", layer_per="class", labels=True))
    fake_process()
    layer = add_raster(write_raster())
    talk.ask("roofs", layer, areas.WHOLE_LAYER, look_at(VIEW))
    settle(qtbot, talk)
    assert talk.problems == []
    assert tables_of(tmp_path / "scene_geopix.gpkg")[:1] == ["house"]
    assert [(one.name(), one.featureCount(), one.labelsEnabled()) for one in talk.last_result.layers] == [
        ("house", 1, True),
        ("pond", 1, True),
    ]
    (house,) = talk.last_result.layers[0].getFeatures()
    assert house["source"] == str(tmp_path / "scene.tif")


def test_a_removed_layer_of_answers_is_replaced_by_a_new_one(
    talk, write_raster, add_raster, look_at, fake_process, qtbot
):
    fake_process()
    layer = add_raster(write_raster())
    talk.ask("first", layer, areas.WHOLE_LAYER, look_at(VIEW))
    settle(qtbot, talk)
    QgsProject.instance().removeMapLayer(talk.turns[0].result.layers[0])
    assert talk.last_result is None
    talk.ask("second", layer, areas.WHOLE_LAYER, look_at(VIEW))
    settle(qtbot, talk)
    assert talk.last_result.layers[0].featureCount() == 2


def test_pixels_of_a_layer_that_only_qgis_can_read_travel_with_the_question(
    talk, write_raster, look_at, fake_process, qtbot
):
    fake_process()
    gdal.GetDriverByName("GTiff").CreateCopy("/vsimem/scene.tif", gdal.Open(str(write_raster())))
    layer = QgsRasterLayer("/vsimem/scene.tif", "memory")
    assert talk.ask("roofs", layer, areas.WHOLE_LAYER, look_at(VIEW))
    settle(qtbot, talk)
    gdal.Unlink("/vsimem/scene.tif")
    assert talk.problems == []
    assert talk.last_result.layers[0].featureCount() == 2
    assert talk.last_result.layers[0].extent().xMinimum() == pytest.approx(500_000)


def test_stop_keeps_what_was_found_and_the_process_is_ready_for_the_next_question(
    talk, write_raster, add_raster, look_at, fake_process, qtbot
):
    fake_process("slow")
    layer = add_raster(write_raster())
    talk.ask("roofs", layer, areas.WHOLE_LAYER, look_at(VIEW))
    qtbot.waitUntil(lambda: bool(talk.turns[0].regions), timeout=10_000)
    assert talk.process.state.value == "busy"
    talk.stop()
    settle(qtbot, talk)
    assert talk.phase is Phase.STOPPED
    assert talk.last_result.layers[0].featureCount() == 1
    assert talk.turns[0].footer == "Stopped. 1 of 2 windows were read; the 1 polygon found so far is kept."
    assert talk.process.state.value == "ready"
    assert talk.ask("again", layer, areas.WHOLE_LAYER, look_at(VIEW))
    qtbot.waitUntil(lambda: bool(talk.turns[1].regions), timeout=10_000)


def test_stop_works_while_the_model_is_still_starting(talk, write_raster, add_raster, look_at, fake_process, qtbot):
    fake_process()
    talk.ask("roofs", add_raster(write_raster()), areas.WHOLE_LAYER, look_at(VIEW))
    talk.stop()
    assert talk.phase is Phase.STOPPED
    qtbot.waitUntil(lambda: talk.process.state.value == "ready", timeout=10_000)
    qtbot.wait(200)
    assert talk.phase is Phase.STOPPED and talk.said == []


def test_a_second_question_waits_for_the_end_of_the_first(talk, write_raster, add_raster, look_at, fake_process):
    fake_process()
    layer = add_raster(write_raster())
    assert talk.ask("roofs", layer, areas.WHOLE_LAYER, look_at(VIEW))
    assert not talk.ask("roads", layer, areas.WHOLE_LAYER, look_at(VIEW))
    assert len(talk.turns) == 1


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ("die", "ended unexpectedly (code 3): MemoryError: needed 9.8 GB"),
        ("refuse", "The raster is truncated; copy it again."),
        ("error", "The model has run out of memory."),
        ("fail", "No module named 'torch'"),
        ("old", "version 0"),
    ],
)
def test_each_way_to_fail_is_told_once_and_the_next_question_is_free(
    talk, write_raster, add_raster, look_at, fake_process, qtbot, mode, words
):
    fake_process(mode)
    layer = add_raster(write_raster())
    talk.ask("roofs", layer, areas.WHOLE_LAYER, look_at(VIEW))
    settle(qtbot, talk)
    qtbot.wait(400)
    assert talk.phase is Phase.ERROR
    assert len(talk.problems) == 1 and words in talk.problems[0]
    assert words in talk.turns[0].problem
    fake_process("answer")
    talk.process.stop()
    assert talk.ask("again", layer, areas.WHOLE_LAYER, look_at(VIEW))
    settle(qtbot, talk)
    assert talk.phase is Phase.IDLE and len(talk.problems) == 1


def test_a_process_killed_between_two_questions_is_started_again(
    talk, write_raster, add_raster, look_at, fake_process, qtbot
):
    fake_process()
    layer = add_raster(write_raster())
    talk.ask("first", layer, areas.WHOLE_LAYER, look_at(VIEW))
    settle(qtbot, talk)
    os.kill(talk.process._process.processId(), signal.SIGKILL)
    qtbot.waitUntil(lambda: talk.process.state.value == "error", timeout=5000)
    assert talk.problems == []
    talk.ask("second", layer, areas.WHOLE_LAYER, look_at(VIEW))
    settle(qtbot, talk)
    assert talk.turns[1].regions == 2


@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        ("  \n", "The prompt is empty"),
        ("x" * 100_000, f"100,000 characters. Shorten it to at most {MAX_PROMPT_CHARS:,}"),
    ],
)
def test_a_prompt_that_cannot_be_asked_is_refused_before_anything_starts(
    talk, write_raster, add_raster, look_at, fake_process, prompt, words
):
    fake_process()
    assert not talk.ask(prompt, add_raster(write_raster()), areas.WHOLE_LAYER, look_at(VIEW))
    assert words in talk.problems[0]
    assert talk.turns == [] and talk.process.state.value == "off"


def test_without_a_python_the_card_is_shown(talk, write_raster, add_raster, look_at, tmp_path):
    settings.save(settings.Settings(backend_python=str(tmp_path / "gone")))
    assert not talk.ask("roofs", add_raster(write_raster()), areas.WHOLE_LAYER, look_at(VIEW))
    assert talk.problems[0].startswith("card: ") and str(tmp_path / "gone") in talk.problems[0]


def test_the_choices_of_the_analyst_go_into_the_question(talk, write_raster, add_raster, look_at, serve, fake, qtbot):
    settings.save(settings.Settings(model="other", min_score=0.25, min_area_m2=7.5))
    assert settings.load() == settings.Settings(model="other", min_score=0.25, min_area_m2=7.5)
    server = serve(lambda request: (protocol.encode_event(event) for event in fake.events_for(request)))
    talk.process.state, talk.process.endpoint = State.READY, Endpoint(server.port, server.token)
    talk.ask("roofs", add_raster(write_raster()), areas.WHOLE_LAYER, look_at(VIEW))
    settle(qtbot, talk)
    asked = server.requests[0]
    assert (asked.model, asked.min_score, asked.min_area_m2) == ("other", 0.25, 7.5)


def test_a_least_area_in_square_metres_is_refused_about_a_raster_without_crs(talk, write_raster, add_raster, look_at):
    settings.save(settings.Settings(min_area_m2=7.5))
    assert not talk.ask("roofs", add_raster(write_raster(crs="")), areas.WHOLE_LAYER, look_at(VIEW))
    assert "7.5 m²" in talk.problems[0] and "has no CRS" in talk.problems[0]


def test_what_the_model_gives_notice_of_is_a_warning_of_the_turn(
    talk, write_raster, add_raster, look_at, serve, fake, qtbot
):
    def answer(request):
        for event in fake.events_for(request):
            if isinstance(event, (protocol.TileEvent, protocol.DoneEvent)):
                extra = ("One mask is missing.",) if isinstance(event, protocol.DoneEvent) else ()
                event = dataclasses.replace(event, warnings=("No CRS.", *extra))
            yield protocol.encode_event(event)

    server = serve(answer)
    talk.process.state, talk.process.endpoint = State.READY, Endpoint(server.port, server.token)
    talk.ask("roofs", add_raster(write_raster()), areas.WHOLE_LAYER, look_at(VIEW))
    settle(qtbot, talk)
    assert talk.turns[0].warning == "No CRS. One mask is missing."


def test_an_answer_without_polygons_leaves_no_empty_layer(talk, write_raster, add_raster, look_at, serve, fake, qtbot):
    def answer(request):
        events = [event for event in fake.events_for(request) if not isinstance(event, protocol.RegionEvent)]
        return (protocol.encode_event(event) for event in events)

    server = serve(answer)
    talk.process.state, talk.process.endpoint = State.READY, Endpoint(server.port, server.token)
    layer = add_raster(write_raster())
    talk.ask("roofs", layer, areas.WHOLE_LAYER, look_at(VIEW))
    settle(qtbot, talk)
    assert talk.phase is Phase.IDLE and talk.last_result is None
    assert list(QgsProject.instance().mapLayers()) == [layer.id()]


def test_a_question_that_looks_seventeen_times_does_not_make_this_machine_seem_slow(
    talk, write_raster, add_raster, look_at, serve, fake, qtbot
):
    def answer(request):
        events = list(fake.events_for(request))
        events[-1] = dataclasses.replace(events[-1], passes=17, windows_done=2, seconds=17.0)
        return (protocol.encode_event(event) for event in events)

    server = serve(answer)
    talk.process.state, talk.process.endpoint = State.READY, Endpoint(server.port, server.token)
    talk.ask("what is this", add_raster(write_raster()), areas.WHOLE_LAYER, look_at(VIEW))
    settle(qtbot, talk)
    assert talk.rates.seconds_per_window("nano", "cpu") == pytest.approx(0.5)
