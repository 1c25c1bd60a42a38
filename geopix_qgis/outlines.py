"""Polygons from one CRS to another, exactly, and from QGIS to the wire."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsGeometry,
    QgsLineString,
    QgsPointXY,
    QgsProject,
    QgsRectangle,
    QgsWkbTypes,
)

from .errors import TileError
from .protocol import Outline
from .translation import tr

BEND = 5e-8  # of the outline's extent, by which an edge may leave its curve: 0.005 px in 100,000 px
NOISE = 1e-11  # of a coordinate: finer than that, a change of CRS is not repeatable
PROBE = 0.4  # of an edge, where its bend is measured: in the middle an S-bend crosses its chord
MAX_SPLITS = 20  # then an edge does not bend, it is torn apart
WORLD_DEGREES = 359.0
MAX_CORNERS = 100_000

XY = tuple[float, float]


def polygons_of(geometry: QgsGeometry) -> QgsGeometry:
    """The valid polygons of any geometry as a multipolygon, without arcs; empty where there is none."""
    if geometry.isNull() or geometry.isEmpty():
        return QgsGeometry()
    straight = QgsGeometry(geometry.constGet().segmentize())
    valid = straight if straight.isGeosValid() else straight.makeValid()
    parts = [
        QgsGeometry(part.clone())
        for part in valid.constParts()
        if QgsWkbTypes.geometryType(part.wkbType()) == QgsWkbTypes.GeometryType.PolygonGeometry
    ]
    if not parts:
        return QgsGeometry()
    if valid is straight and len(parts) == valid.constGet().partCount():
        found = valid
    else:  # mending may leave lines, and polygons that share edges
        found = QgsGeometry.unaryUnion(parts) if len(parts) > 1 else parts[0]
    found.convertToMultiType()
    return found


def transform_between(
    source: QgsCoordinateReferenceSystem, target: QgsCoordinateReferenceSystem
) -> QgsCoordinateTransform:
    """From one CRS to another as the project does it; changes nothing where one of them is unknown."""
    return QgsCoordinateTransform(source, target, QgsProject.instance().transformContext())


def world_of(crs: QgsCoordinateReferenceSystem) -> QgsRectangle:
    """All of the earth in a CRS that shows all longitudes side by side; infinite in any other.

    Beyond it the earth begins anew, so what lies there would be found on the other side.
    """
    everywhere = QgsRectangle(-math.inf, -math.inf, math.inf, math.inf)
    bounds = crs.bounds()  # in degrees
    if not crs.isValid() or bounds.width() < WORLD_DEGREES:
        return everywhere
    degrees = QgsCoordinateReferenceSystem("EPSG:4326")
    try:
        world = transform_between(degrees, crs).transformBoundingBox(bounds)
    except QgsCsException:
        return everywhere
    world.scale(1 - 1e-9)  # the very edge may be either side
    return world


def moved(geometry: QgsGeometry, transform: QgsCoordinateTransform) -> QgsGeometry:
    """Polygons in another CRS, with corners added wherever the change of CRS bends an edge.

    Raises:
        TileError: If a part of them has no coordinates there.
    """
    if not transform.isValid() or transform.isShortCircuited():
        return geometry
    box = geometry.boundingBox()
    try:
        there = transform.transformBoundingBox(box)
        farthest = max(map(abs, (there.xMinimum(), there.xMaximum(), there.yMinimum(), there.yMaximum())))
        bend = max(BEND * max(there.width(), there.height()), NOISE * farthest)
        return polygons_of(mapped(geometry, lambda ring: _moved_ring(ring, transform, bend)))
    except QgsCsException as error:
        raise TileError(tr("The area reaches beyond the area of the raster's CRS. Choose a smaller one.")) from error


def mapped(geometry: QgsGeometry, change: Callable[[Sequence[XY]], list[XY]]) -> QgsGeometry:
    """Polygons with every ring, closed (x, y), put through ``change``."""
    polygons = [
        [[QgsPointXY(*point) for point in change(ring)] for ring in polygon] for polygon in wire_outline(geometry)
    ]
    return QgsGeometry.fromMultiPolygonXY(polygons)


def wire_outline(geometry: QgsGeometry) -> Outline:
    """Polygons as they travel in a request: closed rings of (x, y), the outer one first.

    Raises:
        TileError: If they have more corners than can be sent.
    """
    whole = QgsGeometry(geometry)
    whole.convertToMultiType()
    corners = whole.constGet().nCoordinates()
    if corners > MAX_CORNERS:
        raise TileError(
            tr(
                "The area has {corners:,} corners. Choose polygons with at most {max_corners:,}.",
                corners=corners,
                max_corners=MAX_CORNERS,
            )
        )
    return tuple(
        tuple(tuple((point.x(), point.y()) for point in ring) for ring in polygon) for polygon in whole.asMultiPolygon()
    )


def _moved_ring(ring: Sequence[XY], transform: QgsCoordinateTransform, bend: float) -> list[XY]:
    """A ring in another CRS that leaves no edge's curve by more than ``bend``."""
    here = list(ring)
    there = _moved_points(here, transform)
    bent = [True] * (len(here) - 1)  # edges that were not yet found straight
    for _ in range(MAX_SPLITS):
        if not any(bent) or len(here) > MAX_CORNERS:
            break
        probes = [_between(here[i], here[i + 1]) for i, open_ in enumerate(bent) if open_]
        found = iter(list(zip(probes, _moved_points(probes, transform))))
        finer_here, finer_there, finer_bent = [here[0]], [there[0]], []
        for i, open_ in enumerate(bent):
            if open_:
                probe, place = next(found)
                open_ = math.dist(place, _between(there[i], there[i + 1])) > bend
                if open_:
                    finer_here.append(probe)
                    finer_there.append(place)
                    finer_bent.append(True)
            finer_here.append(here[i + 1])
            finer_there.append(there[i + 1])
            finer_bent.append(open_)
        here, there, bent = finer_here, finer_there, finer_bent
    if any(bent):
        raise TileError(tr("The area crosses a pole or the 180th meridian of the raster's CRS. Choose a smaller one."))
    return there


def _moved_points(points: Sequence[XY], transform: QgsCoordinateTransform) -> list[XY]:
    line = QgsLineString([p[0] for p in points], [p[1] for p in points])
    line.transform(transform)
    found = [(point.x(), point.y()) for point in line.points()]
    if not all(math.isfinite(x) and math.isfinite(y) for x, y in found):
        raise QgsCsException("not finite")
    return found


def _between(start: XY, end: XY) -> XY:
    return start[0] + (end[0] - start[0]) * PROBE, start[1] + (end[1] - start[1]) * PROBE
