"""Pixels that QGIS renders are all there, or the picture is refused."""

from __future__ import annotations

import http.server
import re
import threading
import uuid

import numpy as np
import pytest
from osgeo import gdal
from qgis.core import QgsNetworkAccessManager, QgsNetworkRequestParameters, QgsRasterLayer
from qgis.PyQt.QtCore import QBuffer, QByteArray, QIODevice, QUrl
from qgis.PyQt.QtGui import QColor, QImage
from qgis.PyQt.QtNetwork import QNetworkRequest

from geopix_qgis import rendering as module
from geopix_qgis.areas import VIEW, WHOLE_LAYER
from geopix_qgis.raster import select
from geopix_qgis.rendering import Rendering

LIMIT_MS = 20_000


def png(alpha=255, width=256, height=256):
    image = QImage(width, height, QImage.Format_ARGB32)
    image.fill(QColor(10, 120, 30, alpha))
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.WriteOnly)
    image.save(buffer, "PNG")
    return bytes(data)


class TileServer(http.server.ThreadingHTTPServer):
    """Serves green tiles; ``answer(z, x, y, times asked before)`` may give (status, body) instead."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer = lambda z, x, y, before: None
        self.asked = {}

    def layer(self):
        # QGIS keeps tiles by address, and a later test may get the port of an earlier one.
        own = f"%3Fmap%3D{uuid.uuid4().hex}"
        address = f"http://127.0.0.1:{self.server_address[1]}/%7Bz%7D/%7Bx%7D/%7By%7D.png{own}"
        return QgsRasterLayer(f"type=xyz&url={address}&zmax=19&zmin=0", "web", "wms")


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        place = tuple(map(int, self.path.strip("/").split(".")[0].split("/")))
        before = self.server.asked.get(place, 0)
        self.server.asked[place] = before + 1
        status, body = self.server.answer(*place, before) or (200, png())
        if status == 0:
            self.close_connection = True
            return
        self.send_response(status)
        self.send_header("Content-Type", "image/png")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def tiles(qgis_new_project, monkeypatch):
    monkeypatch.setattr(module, "AGAIN_MS", 10)
    server = TileServer()
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def render(qtbot, look_at):
    """Renders what a canvas of 1 m per pixel shows of a layer: (pixels or None, problem, warnings)."""

    def run(layer, area=VIEW, box=(0, 0, 800, 600), crs="EPSG:3857", warnings=None):
        selection = select(layer, area, look_at(box, crs=crs), 1.0 if area is VIEW else None)
        rendering = Rendering(selection.rendering)
        pixels, problems, warnings = [], [], [] if warnings is None else warnings
        rendering.done.connect(pixels.append)
        rendering.failed.connect(problems.append)
        rendering.warned.connect(warnings.append)
        rendering.start()
        qtbot.waitUntil(lambda: bool(pixels or problems), timeout=LIMIT_MS)
        width, height = selection.size
        image = np.frombuffer(pixels[0], np.uint8).reshape(height, width, 4) if pixels else None
        return image, "".join(problems), warnings

    return run


def some(z, x, y):
    return (x + y) % 5 == 0


def test_a_web_map_that_delivers_comes_whole_and_without_a_word(tiles, render):
    image, problem, warnings = render(tiles.layer())
    assert (image[..., 3] == 255).all() and (image[..., :3] == (10, 120, 30)).all()
    assert (problem, warnings) == ("", [])
    assert set(tiles.asked.values()) == {1}


@pytest.mark.parametrize("status", [500, 503, 403, 429])
def test_tiles_that_fail_once_are_asked_for_again(tiles, render, status):
    warnings = []  # the first rendering fails as a whole: QGIS 3.40 itself asks four times before it gives up
    tiles.answer = lambda z, x, y, before: (status, b"") if some(z, x, y) and not warnings else None
    image, problem, _ = render(tiles.layer(), warnings=warnings)
    assert (image[..., 3] == 255).all() and problem == ""
    assert len(warnings) == 1 and f"did not arrive (HTTP status {status}). Trying once more..." in warnings[0]


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [(500, b"", "HTTP status 500"), (0, b"", "onnection closed"), (200, b"<html>busy</html>", "not an image")],
)
def test_a_picture_with_holes_is_refused_with_the_reason(tiles, render, status, body, reason):
    tiles.answer = lambda z, x, y, before: (status, body) if some(z, x, y) else None
    image, problem, warnings = render(tiles.layer())
    assert image is None
    assert "was not rendered completely: " in problem and reason in problem
    assert len(warnings) == 1


def test_a_server_that_is_away_is_named_as_the_reason(render, monkeypatch, qgis_new_project):
    monkeypatch.setattr(module, "AGAIN_MS", 10)
    layer = QgsRasterLayer("type=xyz&url=http://127.0.0.1:9/%7Bz%7D/%7Bx%7D/%7By%7D.png&zmax=19&zmin=0", "web", "wms")
    image, problem, _ = render(layer)
    assert image is None and "onnection refused" in problem


@pytest.mark.parametrize("status", [404, 204])
def test_places_for_which_there_is_no_tile_are_left_out_and_said(tiles, render, status):
    tiles.answer = lambda z, x, y, before: (status, b"") if some(z, x, y) else None
    image, problem, warnings = render(tiles.layer())
    absent = sum(some(*place) for place in tiles.asked)
    assert problem == "" and warnings == [f"{absent} of the layer's map tiles do not exist; these places are left out."]
    share = (image[..., 3] == 0).mean()
    assert 0.05 < share < 0.5
    assert set(np.unique(image[..., 3])) == {0, 255}


def test_a_web_map_without_any_tile_here_is_refused(tiles, render):
    tiles.answer = lambda z, x, y, before: (404, b"")
    image, problem, _ = render(tiles.layer())
    assert image is None and "shows nothing in this area" in problem and "no map tiles here" in problem


def test_transparent_tiles_are_no_failure_and_no_data(tiles, render):
    tiles.answer = lambda z, x, y, before: (200, png(alpha=0)) if some(z, x, y) else None
    image, problem, warnings = render(tiles.layer())
    assert (problem, warnings) == ("", [])
    assert 0.05 < (image[..., 3] == 0).mean() < 0.5


def test_the_failure_of_another_download_does_not_matter(tiles, render, qtbot):
    failed = threading.Event()
    tiles.answer = lambda z, x, y, before: (500, b"") if z == 99 else not failed.wait(5) or None
    request = QNetworkRequest(QUrl(f"http://127.0.0.1:{tiles.server_address[1]}/99/0/0.png"))
    sender = QNetworkRequest.Attribute(QgsNetworkRequestParameters.AttributeInitiatorClass)
    request.setAttribute(sender, "QgsFileDownloader")
    reply = QgsNetworkAccessManager.instance().get(request)
    reply.finished.connect(failed.set)
    image, problem, warnings = render(tiles.layer())
    assert reply.isFinished() and reply.error() != 0
    assert (problem, warnings) == ("", []) and image is not None


CAPABILITIES = """<?xml version="1.0"?><WMT_MS_Capabilities version="1.1.1"><Service><Name>OGC:WMS</Name>
<Title>t</Title></Service><Capability><Request><GetMap><Format>image/png</Format><DCPType><HTTP><Get>
<OnlineResource xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="{address}"/></Get></HTTP></DCPType></GetMap>
</Request><Layer><Title>all</Title><Layer><Name>ortho</Name><Title>ortho</Title><SRS>EPSG:3857</SRS>
<BoundingBox SRS="EPSG:3857" minx="0" miny="0" maxx="10000" maxy="10000"/></Layer></Layer></Capability>
</WMT_MS_Capabilities>"""
EXCEPTION = b"""<?xml version="1.0"?><ServiceExceptionReport version="1.1.1"><ServiceException>The service is busy
</ServiceException></ServiceExceptionReport>"""


@pytest.fixture
def wms(tiles, monkeypatch):
    """A layer of a WMS that answers maps whole, or with ``tiles.map``: status, content type, body."""
    tiles.map = None
    address = f"http://127.0.0.1:{tiles.server_address[1]}/wms?"

    def answer(handler):
        xml = CAPABILITIES.format(address=address).encode()
        capabilities = "GetCapabilities" in handler.path
        if capabilities:
            status, kind, body = 200, "application/vnd.ogc.wms_xml", xml
        else:
            width, height = (int(re.search(f"{side}=([0-9]+)", handler.path)[1]) for side in ("WIDTH", "HEIGHT"))
            status, kind, body = tiles.map or (200, "image/png", png(255, width, height))
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    monkeypatch.setattr(Handler, "do_GET", answer)
    layer = QgsRasterLayer(f"crs=EPSG:3857&format=image/png&layers=ortho&styles=&url={address}", "wms", "wms")
    assert layer.isValid()
    return layer


def test_a_wms_is_rendered(wms, render):
    image, problem, warnings = render(wms)
    assert (problem, warnings) == ("", []) and (image[..., 3] == 255).all()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ((500, "text/plain", b"busy"), "HTTP status 500"),
        ((200, "text/xml", EXCEPTION), "not an image"),
        ((200, "application/vnd.ogc.se_xml", EXCEPTION), "not an image"),
    ],
)
def test_a_wms_that_fails_is_refused_with_the_reason(tiles, wms, render, answer, reason):
    tiles.map = answer
    image, problem, warnings = render(wms)
    assert image is None and reason in problem and len(warnings) == 1


def test_a_cancelled_picture_gives_no_signal_and_asks_for_nothing_again(tiles, look_at, qtbot):
    tiles.answer = lambda z, x, y, before: (500, b"")
    layer = tiles.layer()
    selection = select(layer, VIEW, look_at((0, 0, 800, 600), crs="EPSG:3857"), 1.0)
    rendering = Rendering(selection.rendering)
    said = []
    rendering.failed.connect(said.append)
    rendering.done.connect(said.append)
    with qtbot.waitSignal(rendering.warned, timeout=LIMIT_MS):
        rendering.start()
    rendering.cancel()
    count = sum(tiles.asked.values())
    qtbot.wait(200)
    assert said == [] and sum(tiles.asked.values()) == count


def test_a_layer_that_is_removed_before_it_is_rendered_is_a_failure_and_no_endless_wait(tiles, look_at, qtbot):
    layer = tiles.layer()
    rendering = Rendering(select(layer, VIEW, look_at((0, 0, 800, 600), crs="EPSG:3857"), 1.0).rendering)
    del layer
    with qtbot.waitSignal(rendering.failed, timeout=LIMIT_MS) as failed:
        rendering.start()
    assert failed.args == ["The layer was removed before it was rendered."]


def test_the_gui_thread_goes_on_while_tiles_are_slow(tiles, look_at, qtbot):
    arrived = threading.Event()

    def answer(z, x, y, before):
        arrived.wait(5)

    tiles.answer = answer
    layer = tiles.layer()
    selection = select(layer, VIEW, look_at((0, 0, 800, 600), crs="EPSG:3857"), 1.0)
    rendering = Rendering(selection.rendering)
    pixels = []
    rendering.done.connect(pixels.append)
    rendering.start()
    for _ in range(10):
        qtbot.wait(10)
    assert pixels == []
    arrived.set()
    qtbot.waitUntil(lambda: bool(pixels), timeout=LIMIT_MS)


def test_nodata_of_a_rendered_raster_is_transparent(write_raster, qgis_new_project, render):
    gdal.GetDriverByName("GTiff").CreateCopy("/vsimem/holes.tif", gdal.Open(str(write_raster())))
    dataset = gdal.Open("/vsimem/holes.tif", gdal.GA_Update)
    for band in (1, 2, 3):
        dataset.GetRasterBand(band).SetNoDataValue(0)
        dataset.GetRasterBand(band).WriteArray(np.zeros((20, 30), np.uint8), 10, 40)
    dataset = None
    image, _, _ = render(QgsRasterLayer("/vsimem/holes.tif", "holes"), WHOLE_LAYER, crs="EPSG:32633")
    gdal.Unlink("/vsimem/holes.tif")
    assert (image[40:60, 10:40, 3] == 0).all()
    assert (image[..., 3] == 0).sum() == 600


def test_a_layer_that_shows_nothing_is_refused(write_raster, qgis_new_project, render):
    gdal.GetDriverByName("GTiff").CreateCopy("/vsimem/empty.tif", gdal.Open(str(write_raster())))
    layer = QgsRasterLayer("/vsimem/empty.tif", "empty")
    layer.setScaleBasedVisibility(True)
    layer.setMinimumScale(1.0)
    image, problem, _ = render(layer, WHOLE_LAYER, crs="EPSG:32633")
    gdal.Unlink("/vsimem/empty.tif")
    assert image is None and "shows nothing in this area at this scale" in problem


MATRIX = """<TileMatrix><ows:Identifier>{zoom}</ows:Identifier><ScaleDenominator>{scale}</ScaleDenominator>
<TopLeftCorner>-20037508.342789244 20037508.342789244</TopLeftCorner><TileWidth>256</TileWidth>
<TileHeight>256</TileHeight><MatrixWidth>{count}</MatrixWidth><MatrixHeight>{count}</MatrixHeight></TileMatrix>"""
WMTS = """<?xml version="1.0"?><Capabilities xmlns="http://www.opengis.net/wmts/1.0"
xmlns:ows="http://www.opengis.net/ows/1.1" xmlns:xlink="http://www.w3.org/1999/xlink" version="1.0.0">
<ows:ServiceIdentification><ows:Title>t</ows:Title><ows:ServiceType>OGC WMTS</ows:ServiceType>
<ows:ServiceTypeVersion>1.0.0</ows:ServiceTypeVersion></ows:ServiceIdentification><Contents><Layer>
<ows:Title>ortho</ows:Title><ows:WGS84BoundingBox><ows:LowerCorner>-180 -85</ows:LowerCorner>
<ows:UpperCorner>180 85</ows:UpperCorner></ows:WGS84BoundingBox><ows:Identifier>ortho</ows:Identifier>
<Style isDefault="true"><ows:Identifier>default</ows:Identifier></Style><Format>image/png</Format>
<TileMatrixSetLink><TileMatrixSet>web</TileMatrixSet></TileMatrixSetLink>
<ResourceURL format="image/png" resourceType="tile" template="{address}/{{TileMatrix}}/{{TileCol}}/{{TileRow}}.png"/>
</Layer><TileMatrixSet><ows:Identifier>web</ows:Identifier>
<ows:SupportedCRS>urn:ogc:def:crs:EPSG::3857</ows:SupportedCRS>{matrices}</TileMatrixSet></Contents></Capabilities>"""


@pytest.fixture
def wmts(tiles, monkeypatch):
    """A layer of a WMTS whose tiles are those of ``tiles``."""
    address = f"http://127.0.0.1:{tiles.server_address[1]}"
    scales = ((zoom, 559082264.0287178 / 2**zoom, 2**zoom) for zoom in range(20))
    matrices = "".join(MATRIX.format(zoom=zoom, scale=scale, count=count) for zoom, scale, count in scales)
    xml, tile = WMTS.format(address=address, matrices=matrices).encode(), Handler.do_GET

    def answer(handler):
        if "wmts" not in handler.path:
            tile(handler)
            return
        handler.send_response(200)
        handler.send_header("Content-Type", "text/xml")
        handler.send_header("Content-Length", str(len(xml)))
        handler.end_headers()
        handler.wfile.write(xml)

    monkeypatch.setattr(Handler, "do_GET", answer)
    source = f"crs=EPSG:3857&format=image/png&layers=ortho&styles=default&tileMatrixSet=web&url={address}/wmts"
    layer = QgsRasterLayer(source, "wmts", "wms")
    assert layer.isValid(), layer.error().message()
    return layer


def test_a_wmts_is_rendered_whole(tiles, wmts, render):
    image, problem, warnings = render(wmts)
    assert (problem, warnings) == ("", []) and (image[..., 3] == 255).all() and tiles.asked


def test_a_wmts_with_holes_is_refused_with_the_reason(tiles, wmts, render):
    tiles.answer = lambda z, x, y, before: (500, b"") if some(z, x, y) else None
    image, problem, warnings = render(wmts)
    assert image is None and "HTTP status 500" in problem and len(warnings) == 1
