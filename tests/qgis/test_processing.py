"""The algorithms in the toolbox, the modeler and threads of QGIS; the model process is a fake that speaks the wire."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal
from qgis.core import (
    QgsApplication,
    QgsFeature,
    QgsGeometry,
    QgsProcessingAlgRunnerTask,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingModelAlgorithm,
    QgsProcessingModelChildAlgorithm,
    QgsProcessingModelChildParameterSource,
    QgsProcessingModelOutput,
    QgsProcessingModelParameter,
    QgsProcessingParameterRasterLayer,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QTimer

from geopix_qgis.endpoint import Endpoint
from geopix_qgis.processing.provider import GeoPixProvider
from geopix_qgis.protocol import TASKS
from geopix_qgis.regions import FIELDS

BOX = "500000,500020,5399980,5400000 [EPSG:32633]"


class Log(QgsProcessingFeedback):
    """Remembers what an algorithm says."""

    def __init__(self):
        super().__init__(False)
        self.infos, self.errors, self.progress, self.texts = [], [], [], []
        self.progressChanged.connect(self.progress.append)

    def pushInfo(self, info):
        self.infos.append(info)

    def reportError(self, error, fatalError=False):
        self.errors.append(error)

    def setProgressText(self, text):
        self.texts.append(text)


@pytest.fixture
def run(provider, qgis_new_project):
    """Runs an algorithm to its end; gives (outputs, log, context)."""

    def run(name, parameters, log=None):
        log, context = log or Log(), QgsProcessingContext()
        context.setProject(QgsProject.instance())
        algorithm = QgsApplication.processingRegistry().algorithmById(f"geopix:{name}").create()
        ok, message = algorithm.checkParameterValues(parameters, context)
        if not ok:
            raise QgsProcessingException(message)
        try:
            outputs, ok = algorithm.run(parameters, context, log)
        except QgsProcessingException:
            context.temporaryLayerStore().removeAllMapLayers()  # PyQGIS keeps the context of what has failed
            raise
        if not ok:
            raise QgsProcessingException(log.errors[-1])
        return outputs, log, context

    return run


@pytest.fixture
def provider(qgis_app):
    provider = GeoPixProvider(lambda: None)
    QgsApplication.processingRegistry().addProvider(provider)
    yield provider
    QgsApplication.processingRegistry().removeProvider(provider)


@pytest.fixture
def requests(provider, serve, fake):
    """What reaches the model process of a dock, which runs already."""
    server = serve(lambda request: (fake.protocol.encode_event(event) for event in fake.events_for(request)))
    provider.running = lambda: Endpoint(server.port, server.token)
    return server.requests


def taken(outputs, context, name="OUTPUT"):
    return context.takeResultLayer(outputs[name])


def test_the_algorithms_are_listed_with_help_and_icons(provider):
    algorithms = {algorithm.name(): algorithm for algorithm in provider.algorithms()}
    assert sorted(algorithms) == ["ask", "batchsegment", "segment"]
    for algorithm in algorithms.values():
        assert len(algorithm.shortHelpString()) > 200 and algorithm.displayName() and algorithm.tags()
        assert algorithm.helpUrl().startswith("https://")
        assert not algorithm.icon().pixmap(16, 16).isNull()
        assert all(parameter.description() for parameter in algorithm.parameterDefinitions())


def test_segment_writes_polygons_and_says_the_answer(run, write_raster, fake_process):
    fake_process()
    path = write_raster()
    outputs, log, context = run("segment", {"RASTER": str(path), "PROMPT": "roofs", "OUTPUT": "TEMPORARY_OUTPUT"})
    layer = taken(outputs, context)
    assert [field.name() for field in layer.fields()] == [field.partition(":")[0] for field in FIELDS]
    assert layer.crs().authid() == "EPSG:32633"
    assert sorted(feature["class"] for feature in layer.getFeatures()) == ["house", "pond"]
    assert {feature["source"] for feature in layer.getFeatures()} == {str(path)}
    assert layer.extent().xMinimum() == 500_000 and layer.extent().yMaximum() == 5_400_000
    assert (outputs["COUNT"], outputs["AREA_M2"]) == (2, 25.0)
    assert outputs["ANSWER"] == "Für roofs: 1 house. Für roofs: 1 pond."
    assert outputs["ANSWER"] in log.infos and "120 x 80 pixels of scene" in log.infos
    assert log.progress == [50.0] and "Starting the model process..." in log.texts


def test_segment_looks_at_its_extent_only(run, write_raster, requests):
    path = str(write_raster(width=2000, height=2000))
    run("segment", {"RASTER": path, "PROMPT": "x", "EXTENT": BOX, "OUTPUT": "TEMPORARY_OUTPUT"})
    run("segment", {"RASTER": path, "PROMPT": "x", "OUTPUT": "TEMPORARY_OUTPUT"})
    part, whole = requests
    assert part.tile.window[:2] == (0, 0) and max(part.tile.window[2:]) < 1000
    ring = np.array(part.outline[0][0])
    assert (*ring.min(axis=0), *ring.max(axis=0)) == (500_000, 5_399_980, 500_020, 5_400_000)
    assert whole.tile.window == (0, 0, 2000, 2000) and whole.outline == ()


def test_segment_writes_a_file(run, write_raster, fake_process, tmp_path):
    fake_process()
    target = tmp_path / "roofs.gpkg"
    outputs, _, _ = run("segment", {"RASTER": str(write_raster()), "PROMPT": "roofs", "OUTPUT": str(target)})
    assert Path(outputs["OUTPUT"]) == target
    assert QgsVectorLayer(str(target), "", "ogr").featureCount() == 2


def test_pixels_that_only_qgis_has_are_rendered(run, write_raster, fake_process):
    fake_process()
    gdal.GetDriverByName("GTiff").CreateCopy("/vsimem/scene.tif", gdal.Open(str(write_raster())))
    layer = QgsRasterLayer("/vsimem/scene.tif", "memory")
    QgsProject.instance().addMapLayer(layer)
    outputs, log, context = run("segment", {"RASTER": layer.id(), "PROMPT": "roofs", "OUTPUT": "TEMPORARY_OUTPUT"})
    gdal.Unlink("/vsimem/scene.tif")
    assert outputs["COUNT"] == 2 and "120 x 80 pixels of memory" in log.infos
    assert {feature["source"] for feature in taken(outputs, context).getFeatures()} == {"memory"}


def test_a_raster_without_crs_gives_polygons_without_crs(run, write_raster, fake_process):
    fake_process()
    path = write_raster(crs="")
    outputs, _, context = run("segment", {"RASTER": str(path), "PROMPT": "x", "OUTPUT": "TEMPORARY_OUTPUT"})
    assert not taken(outputs, context).crs().isValid()


def test_ask_answers_without_polygons_unless_they_are_wanted(run, write_raster, fake_process):
    fake_process()
    path = str(write_raster())
    outputs, _, _ = run("ask", {"RASTER": path, "PROMPT": "What is here?"})
    assert outputs["ANSWER"].startswith("Für What is here?") and outputs["COUNT"] == 2 and not outputs["OUTPUT"]
    outputs, _, context = run("ask", {"RASTER": path, "PROMPT": "x", "TASK": "refer", "OUTPUT": "TEMPORARY_OUTPUT"})
    assert taken(outputs, context).featureCount() == 2


def test_the_task_and_the_model_reach_the_model_process(run, write_raster, requests):
    path = str(write_raster())
    chosen = {"MODEL": "large", "MIN_SCORE": 0.25, "MIN_AREA_M2": 30}
    for task in TASKS:
        run("ask", {"RASTER": path, "PROMPT": " x ", "TASK": task, **chosen})
    run("segment", {"RASTER": path, "PROMPT": "x", "OUTPUT": "TEMPORARY_OUTPUT"})
    assert [request.task for request in requests] == [*TASKS, "segment"]
    assert {(r.prompt, r.model, r.min_score, r.min_area_m2) for r in requests[:5]} == {("x", "large", 0.25, 30.0)}
    assert (requests[5].model, requests[5].min_score, requests[5].min_area_m2) == ("nano", 0.5, 0.0)


def test_a_least_area_in_square_metres_is_refused_about_a_raster_without_crs(run, write_raster, requests):
    wanted = {"RASTER": str(write_raster(crs="")), "PROMPT": "x", "OUTPUT": "TEMPORARY_OUTPUT", "MIN_AREA_M2": 30}
    with pytest.raises(QgsProcessingException, match="has no CRS"):
        run("segment", wanted)
    assert requests == []


def areas_layer(*boxes, crs="EPSG:32633"):
    layer = QgsVectorLayer(f"Polygon?crs={crs}&field=parcel:string", "parcels", "memory")
    features = []
    for number, box in enumerate(boxes):
        feature = QgsFeature(layer.fields())
        feature.setGeometry(QgsGeometry.fromRect(QgsRectangle(*box)))
        feature.setAttribute("parcel", f"P{number}")
        features.append(feature)
    layer.dataProvider().addFeatures(features)
    QgsProject.instance().addMapLayer(layer)
    return layer


INSIDE, BESIDE = (500_005, 5_399_970, 500_020, 5_399_990), (0, 0, 10, 10)


def test_batchsegment_gives_one_layer_and_a_row_for_each_area(run, write_raster, fake_process):
    fake_process()
    areas = areas_layer(INSIDE, BESIDE, (500_030, 5_399_970, 500_050, 5_399_990))
    wanted = {"RASTER": str(write_raster()), "AREAS": areas.id(), "AREA_NAME": "parcel", "PROMPT": "roofs"}
    outputs, log, context = run("batchsegment", {**wanted, "OUTPUT": "TEMPORARY_OUTPUT", "TABLE": "TEMPORARY_OUTPUT"})
    rows = {row["area"]: row for row in taken(outputs, context, "TABLE").getFeatures()}
    assert list(rows) == ["P0", "P1", "P2"]
    assert (rows["P0"]["polygons"], rows["P0"]["area_m2"], rows["P0"]["main_class"]) == (2, 25.0, "house")
    assert rows["P2"]["answer"].startswith("Für roofs")
    assert "do not touch the raster" in rows["P1"]["problem"] and log.errors == [rows["P1"]["problem"]]
    polygons = taken(outputs, context)
    assert sorted(feature["area"] for feature in polygons.getFeatures()) == ["P0", "P0", "P2", "P2"]
    assert (outputs["COUNT"], outputs["FAILED"]) == (4, 1)
    assert log.progress[-1] == 100.0 and sorted(log.progress) == log.progress


def test_batchsegment_gives_up_when_the_model_keeps_failing(run, write_raster, fake_process):
    fake_process("error")
    areas = areas_layer(*[INSIDE] * 5)
    log = Log()
    with pytest.raises(QgsProcessingException, match="out of memory"):
        run("batchsegment", {"RASTER": str(write_raster()), "AREAS": areas.id(), "PROMPT": "x",
                             "OUTPUT": "TEMPORARY_OUTPUT"}, log)  # fmt: skip
    assert len(log.errors) == 3


@pytest.mark.parametrize(
    ("mode", "problem"),
    [
        ("error", "run out of memory"),
        ("refuse", "truncated; copy it again"),
        ("die", "needed 9.8 GB"),
        ("fail", "No module named 'torch'"),
        ("old", "Install the same release of both"),
    ],
)
def test_what_fails_ends_the_algorithm_with_its_sentence(mode, problem, run, write_raster, fake_process):
    fake_process(mode)
    with pytest.raises(QgsProcessingException, match=problem):
        run("segment", {"RASTER": str(write_raster()), "PROMPT": "x", "OUTPUT": "TEMPORARY_OUTPUT"})


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"PROMPT": "  "}, "prompt is empty"),
        ({"PROMPT": "x" * 4001}, "Shorten it"),
        ({"EXTENT": "0,1,0,1 [EPSG:32633]"}, "does not touch the raster"),
        ({"RASTER": "/nowhere.tif"}, "RASTER|raster"),
    ],
)
def test_what_cannot_be_asked_is_refused(change, problem, run, write_raster, fake_process):
    fake_process()
    wanted = {"RASTER": str(write_raster()), "PROMPT": "x", "OUTPUT": "TEMPORARY_OUTPUT"}
    with pytest.raises(QgsProcessingException, match=problem):
        run("segment", {**wanted, **change})


def test_cancelling_ends_the_question_and_the_process(run, write_raster, fake_process, qgis_app):
    fake_process("slow")
    log = Log()
    QTimer.singleShot(1500, log.cancel)
    before = children()
    run("segment", {"RASTER": str(write_raster()), "PROMPT": "x", "OUTPUT": "TEMPORARY_OUTPUT"}, log)
    assert log.isCanceled() and children() == before


def children():
    return Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()


def test_an_algorithm_runs_in_a_thread_of_its_own(provider, write_raster, fake_process, qtbot, qgis_new_project):
    fake_process()
    before = children()
    algorithm = QgsApplication.processingRegistry().algorithmById("geopix:segment").create()
    context, log, done = QgsProcessingContext(), Log(), []
    context.setProject(QgsProject.instance())
    wanted = {"RASTER": str(write_raster()), "PROMPT": "roofs", "OUTPUT": "TEMPORARY_OUTPUT"}
    task = QgsProcessingAlgRunnerTask(algorithm, wanted, context, log)
    task.executed.connect(lambda ok, outputs: done.append((ok, outputs)))
    QgsApplication.taskManager().addTask(task)
    qtbot.waitUntil(lambda: bool(done), timeout=20_000)
    ((ok, outputs),) = done
    assert ok and outputs["COUNT"] == 2
    assert context.takeResultLayer(outputs["OUTPUT"]).featureCount() == 2
    assert children() == before


def test_a_process_of_the_dock_that_is_not_where_the_settings_say_is_left_alone(
    provider, serve, run, write_raster, fake_process
):
    """Else a path of this machine would be sent to a server that was given up."""
    fake_process()
    server = serve(lambda request: iter(()))
    provider.running = lambda: Endpoint(0, server.token, f"http://127.0.0.1:{server.port}")
    outputs, _, _ = run("segment", {"RASTER": str(write_raster()), "PROMPT": "x", "OUTPUT": "TEMPORARY_OUTPUT"})
    assert outputs["COUNT"] == 2 and server.requests == []


def test_an_output_that_comes_onto_the_map_has_the_docks_colours(run, write_raster, fake_process):
    fake_process()
    context, log = QgsProcessingContext(), Log()
    context.setProject(QgsProject.instance())
    algorithm = QgsApplication.processingRegistry().algorithmById("geopix:segment").create()
    details = QgsProcessingContext.LayerDetails("found", QgsProject.instance(), "OUTPUT")
    wanted = {"RASTER": str(write_raster()), "PROMPT": "x", "OUTPUT": "TEMPORARY_OUTPUT"}
    assert algorithm.prepare(wanted, context, log)
    outputs = algorithm.runPrepared(wanted, context, log)
    context.addLayerToLoadOnCompletion(outputs["OUTPUT"], details)
    algorithm.postProcess(context, log)
    renderer = context.getMapLayer(outputs["OUTPUT"]).renderer()
    assert [category.label() for category in renderer.categories()] == ["house", "pond", "other"]


def test_a_model_of_the_modeler_runs_it(provider, write_raster, fake_process, qgis_new_project):
    fake_process()
    model = QgsProcessingModelAlgorithm("roofs", "test")
    model.addModelParameter(QgsProcessingParameterRasterLayer("IMAGE"), QgsProcessingModelParameter("IMAGE"))
    child = QgsProcessingModelChildAlgorithm("geopix:segment")
    source = QgsProcessingModelChildParameterSource
    child.setChildId("find")
    child.addParameterSources("RASTER", [source.fromModelParameter("IMAGE")])
    child.addParameterSources("PROMPT", [source.fromStaticValue("roofs")])
    output = QgsProcessingModelOutput("polygons")
    output.setChildOutputName("OUTPUT")
    output.setChildId("find")
    child.setModelOutputs({"polygons": output})
    model.addChildAlgorithm(child)
    model.initAlgorithm()
    context = QgsProcessingContext()
    context.setProject(QgsProject.instance())
    name = model.parameterDefinitions()[-1].name()
    outputs, ok = model.run({"IMAGE": str(write_raster()), name: "TEMPORARY_OUTPUT"}, context, Log())
    assert ok
    assert context.takeResultLayer(outputs[name]).featureCount() == 2
