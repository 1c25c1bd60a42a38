"""Runs inside a full QGIS (``qgis --code``): works with the dock as an analyst would, and takes the guide's pictures.

The job: ``raster``, ``pictures`` (a folder) and ``show``: "tour" for one after the other, "dock" for the dock alone, or
"setup" for installing the model process into ``home``, without a network and from the offline ``bundle``.
"""

import importlib
from pathlib import Path

from qgis.core import QgsFeature, QgsGeometry, QgsProject, QgsRectangle, QgsSettings, QgsVectorLayer
from qgis.PyQt.QtCore import QPoint, QRect, Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QAction, QApplication
from qgis.utils import iface
from steps import dock, job, play, set_the_table, until

ANSWER_LIMIT_S = 240
SETUP_LIMIT_S = 800
SYSTEM_PYTHON = "/usr/bin/python3"
DOCK_PX, NARROW_PX, LAYERS_PX = 430, 320, 240
BOX = (0.36, 0.18, 0.86, 0.62)  # left, top, right, bottom of the drawn box, as parts of the map
PLOTS = ((28, 46), (50, 12), (62, 74), (72, 34), (15, 74), (92, 58))  # metres from the lower left of the raster
PLOT_M = 12


def tour():
    yield from first()
    yield from ask("Segment the road.")
    yield from area()
    yield from ask("How much of the view is vegetation?")
    yield from look_at("dock")
    yield from narrow()
    yield from phrase()
    yield from review()
    yield from export()
    yield from field()


def first():
    """The model has started, nothing was asked yet."""
    yield from begin()
    take("first", dock())


def narrow():
    """The dock at its narrowest."""
    resize_dock(NARROW_PX)
    yield from map_is_drawn()
    take("narrow", dock())
    resize_dock(DOCK_PX)
    yield from map_is_drawn()


def phrase():
    """A phrase was clicked: its polygons flash and are selected, its sentence is marked."""
    click_link("geopix:phrase/1/")
    yield from map_is_drawn()
    click_link("geopix:phrase/1/")
    yield 0.2
    take("phrase", map_and_dock())
    iface.mainWindow().findChild(QAction, "mActionDeselectAll").trigger()
    fill_the_map()
    yield from map_is_drawn()


def review():
    """A limit hides small polygons; shaped outlines are looked at before they are applied."""
    card, shaping = dock().panel.results, dock().reviewing.shaping
    count = sum(row.row.count for row in card.rows)
    enter(card.min_area.box, "20")
    yield until("the limit", lambda: sum(row.row.count for row in card.rows) < count)
    click(card.buttons["shape"])
    enter(shaping.holes, "2")
    enter(shaping.simplify, "0.3")
    yield until("the preview", lambda: not shaping.busy and shaping.preview.changed)
    yield from look_at("review", map_and_dock())
    click(shaping.close_button)
    enter(card.min_area.box, "0")
    yield until("no limit", lambda: sum(row.row.count for row in card.rows) == count)


def export():
    """The names of fields that a shapefile cannot hold are shown before it is written."""
    click(dock().panel.export)
    yield 0.5
    choose(dock().exporting.dialog.form.format, "ESRI Shapefile")
    yield from look_at("export", on_screen=True)
    dock().exporting.dialog.reject()
    yield 0.3


def area():
    """A box was drawn; its footprint and its price are shown before anything is asked."""
    panel = dock().panel
    choose(panel.area.kind, "Draw a box")
    yield until("the pencil", panel.area.draw.isChecked)
    drag(iface.mapCanvas().viewport(), BOX)
    panel.prompt.setFocus()
    QTest.keyClicks(panel.prompt, "How much of the drawn box is bare land?")
    yield from look_at("area", map_and_dock())
    panel.prompt.clear()
    choose(panel.area.kind, "View")


def field():
    """What is in each plot, written into a field of the plots."""
    panel = dock().panel
    earlier = [layer.id() for result in dock().results() for layer in result.layers]
    panel.menu.menu().findChild(QAction, "geopixNew").trigger()
    QgsProject.instance().removeMapLayers(earlier)
    plots = add_plots()
    iface.setActiveLayer(plots)
    plots.selectAll()
    yield from map_is_drawn()
    click(panel.ask_each)
    choose(panel.field_panel.value, "main class")
    panel.field_panel.field.setField("cover")
    panel.prompt.setFocus()
    QTest.keyClicks(panel.prompt, "What is this?")
    click(panel.field_panel.begin)
    yield until("answers about all plots", lambda: not dock().asking_each.answers.active, len(PLOTS) * 60)
    plots.removeSelection()
    iface.showAttributeTable(plots)
    yield 1.0
    yield from look_at("field", left_of_dock())


def dock_alone():
    yield from begin()
    yield from ask("Segment the road.")
    yield from ask("How much of the view is vegetation?")
    yield from look_at(job["name"])


def begin():
    QgsSettings().setValue("qgis/dockAttributeTable", True)
    set_the_table(DOCK_PX, job["raster"])
    resize_dock(DOCK_PX)
    yield 0.5
    fill_the_map()
    iface.mainWindow().activateWindow()
    yield until("the window has the keyboard", iface.mainWindow().isActiveWindow)
    QTest.keyClick(
        iface.mapCanvas(), Qt.Key.Key_I, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier
    )
    yield until("the cursor is in the prompt", dock().panel.prompt.hasFocus)
    yield until("the model", lambda: dock().conversation.facts is not None, 60)
    yield from map_is_drawn()


def ask(prompt):
    dock().panel.prompt.setFocus()
    QTest.keyClicks(dock().panel.prompt, prompt)
    QTest.keyClick(dock().panel.prompt, Qt.Key.Key_Return)
    yield from answered()


def answered():
    yield until("the answer", lambda: not dock().conversation.active, ANSWER_LIMIT_S)
    problem = dock().conversation.turns[-1].problem
    if problem:
        raise RuntimeError(f"The question was not answered: {problem}")
    yield from map_is_drawn()


def map_is_drawn():
    yield 0.5  # changes reach the map a little later
    yield until("the map", lambda: not iface.mapCanvas().isDrawing())


def look_at(name, part=None, on_screen=False):
    yield from map_is_drawn()
    iface.messageBar().clearWidgets()
    iface.mainWindow().statusBar().clearMessage()
    yield 0.3
    take(name, part, on_screen)


def take(name, part=None, on_screen=False):
    """Saves a picture of the main window, of a widget or a rectangle in it, or with the dialogs on top of it."""
    window = iface.mainWindow()
    picture = QApplication.primaryScreen().grabWindow(0, *window.geometry().getRect()) if on_screen else window.grab()
    if part is not None:
        rect = part if isinstance(part, QRect) else QRect(part.mapTo(window, QPoint(0, 0)), part.size())
        picture = picture.copy(rect)
    path = Path(job["pictures"]) / f"{name}.png"
    if not picture.save(str(path)):
        raise OSError(f"{path} cannot be written")


def map_and_dock():
    window, canvas = iface.mainWindow(), iface.mapCanvas()
    left, top = canvas.mapTo(window, QPoint(0, 0)).x(), dock().mapTo(window, QPoint(0, 0)).y()
    return QRect(left, top, window.width() - left, dock().height())


def left_of_dock():
    window, canvas = iface.mainWindow(), iface.mapCanvas()
    top, right = dock().mapTo(window, QPoint(0, 0)).y(), canvas.mapTo(window, QPoint(canvas.width(), 0)).x()
    return QRect(0, top, right, dock().height())


def fill_the_map():
    """Shows as much of the raster as leaves no margin."""
    extent, canvas = dock().panel.raster.currentLayer().extent(), iface.mapCanvas()
    factor = min(extent.width() / canvas.width(), extent.height() / canvas.height())
    half_width, half_height = canvas.width() * factor / 2, canvas.height() * factor / 2
    x, y = extent.center().x(), extent.center().y()
    canvas.setExtent(QgsRectangle(x - half_width, y - half_height, x + half_width, y + half_height))
    canvas.refresh()


def resize_dock(width):
    layers = next(d for d in iface.mainWindow().findChildren(type(dock()).__base__) if d.objectName() == "Layers")
    iface.mainWindow().resizeDocks([layers, dock()], [LAYERS_PX, width], Qt.Orientation.Horizontal)


def click(widget):
    if not (widget.isVisible() and widget.isEnabled()):
        raise RuntimeError(f"{widget.objectName()} cannot be clicked")
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton)


def click_link(start):
    """Clicks the first link of the transcript whose address begins like this."""
    transcript = dock().panel.transcript
    for block_start, address, _, offset in transcript._anchors():
        if address.startswith(start):
            cursor = transcript.textCursor()
            cursor.setPosition(block_start + offset + 2)
            where = transcript.cursorRect(cursor).center()
            QTest.mouseClick(transcript.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, where)
            return
    raise RuntimeError(f"the transcript has no link {start}")


def choose(box, text):
    """Types the first word of an entry of a combo box; a space would open its list."""
    box.setFocus()
    QTest.keyClicks(box, text.split()[0])
    if box.currentText() != text:
        raise RuntimeError(f"{box.objectName()} shows {box.currentText()!r}, not {text!r}")


def enter(box, number):
    box.setFocus()
    box.selectAll()
    QTest.keyClicks(box, number)
    QTest.keyClick(box, Qt.Key.Key_Return)


def drag(widget, parts):
    left, top, right, bottom = parts
    begin = QPoint(int(widget.width() * left), int(widget.height() * top))
    end = QPoint(int(widget.width() * right), int(widget.height() * bottom))
    QTest.mousePress(widget, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, begin)
    QTest.mouseMove(widget, end)
    QTest.mouseRelease(widget, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, end)


def add_plots():
    """Squares on the raster, in a layer of the analyst's own."""
    raster = dock().panel.raster.currentLayer()
    left, bottom = raster.extent().xMinimum(), raster.extent().yMinimum()
    fields = "field=plot:string(10)&field=cover:string(40)"
    plots = QgsVectorLayer(f"Polygon?crs={raster.crs().authid()}&{fields}", "plots", "memory")
    for number, (x, y) in enumerate(PLOTS, 1):
        feature = QgsFeature(plots.fields())
        feature.setAttribute("plot", f"P{number}")
        square = QgsRectangle(left + x, bottom + y, left + x + PLOT_M, bottom + y + PLOT_M)
        feature.setGeometry(QgsGeometry.fromRect(square))
        plots.dataProvider().addFeature(feature)
    plots.renderer().symbol().symbolLayer(0).setBrushStyle(Qt.BrushStyle.NoBrush)
    plots.renderer().symbol().symbolLayer(0).setStrokeColor(Qt.GlobalColor.white)
    plots.renderer().symbol().symbolLayer(0).setStrokeWidth(0.6)
    QgsProject.instance().addMapLayer(plots)
    return plots


def setup():
    """A step that fails without a network, then the offline bundle, and how it ends."""
    made = importlib.import_module("geopix_qgis.gui.setup_dialog").SetupDialog
    window = made(Path(job["home"]), [SYSTEM_PYTHON], iface.mainWindow())
    window.show()
    window.look()
    yield until("a Python", lambda: window.choices.tool.currentData() is not None)
    click(window.go)
    yield until("no network", lambda: window.go.text() == "Try again", SETUP_LIMIT_S)
    yield 0.5
    grab(window, "setup_failed")
    click(window.back)
    yield until("a Python again", lambda: window.choices.tool.currentData() is not None)
    window.choices.bundle.setFilePath(job["bundle"])
    yield 0.5
    grab(window, "setup_bundle")
    click(window.go)
    yield until("the end", lambda: not window.active, SETUP_LIMIT_S)
    if not window.go.isHidden():
        raise RuntimeError(f"{window.progress.what.text()} {window.progress.log.toPlainText()}")
    yield 0.5
    grab(window, "setup_done")
    window.close()


def grab(widget, name):
    path = Path(job["pictures"]) / f"{name}.png"
    if not widget.grab().save(str(path)):
        raise OSError(f"{path} cannot be written")


SHOWS = {"tour": tour, "dock": dock_alone, "setup": setup}
play(SHOWS[job["show"]]())
