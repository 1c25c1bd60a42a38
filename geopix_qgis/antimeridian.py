"""Polygons that cross longitude 180: cut there, as RFC 7946 (3.1.9) asks, so that no map draws them around it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from qgis.core import QgsGeometry, QgsPointXY, QgsRectangle

from .errors import LayerError
from .translation import tr

TURN = 360.0
HALF = 180.0
NO_OUTLINE = tr("A polygon holds a pole: it has no outline in longitude and latitude. Choose GeoPackage.")


def cut(geometry: QgsGeometry, folded: bool) -> tuple[QgsGeometry, bool]:
    """The same polygons within longitudes -180 to 180, and whether one of them had to be cut.

    Args:
        geometry: Polygons in degrees, longitude first.
        folded: Whether they come from a projection, which jumps from 180 to -180 in the middle of an outline.

    Raises:
        LayerError: If a polygon holds a pole.
    """
    box = geometry.boundingBox()
    if box.xMinimum() >= -HALF and box.xMaximum() <= HALF and not (folded and box.width() > HALF):
        return geometry, False
    pieces: list[QgsGeometry] = []
    crossed = False
    for part in geometry.asGeometryCollection():
        inside = _within_one_turn(_unfolded(part) if folded else part)
        crossed = crossed or len(inside) > 1
        pieces.extend(inside)
    whole = QgsGeometry.collectGeometry(pieces)
    whole.convertToMultiType()
    return whole, crossed


def _unfolded(part: QgsGeometry) -> QgsGeometry:
    """One polygon without jumps of its outline, which may reach beyond 180."""
    if part.boundingBox().width() <= HALF:
        return part
    rings = [_without_jumps(ring) for ring in part.asPolygon()]
    outer = [point.x() for point in rings[0]]
    middle = (min(outer) + max(outer)) / 2
    for number, ring in enumerate(rings):
        longitudes = [point.x() for point in ring]
        turns = round((middle - (min(longitudes) + max(longitudes)) / 2) / TURN)
        rings[number] = [QgsPointXY(point.x() + turns * TURN, point.y()) for point in ring]
    unfolded = QgsGeometry.fromPolygonXY(rings)
    return unfolded if unfolded.area() > 0 else part  # a box around the globe has one edge that is no jump


def _without_jumps(ring: Sequence[QgsPointXY]) -> list[QgsPointXY]:
    turns, points = 0, [ring[0]]
    for before, point in zip(ring, ring[1:]):
        step = point.x() - before.x()
        turns -= int(math.copysign(1, step)) if abs(step) > HALF else 0
        points.append(QgsPointXY(point.x() + turns * TURN, point.y()))
    if turns:
        raise LayerError(NO_OUTLINE)
    return points


def _within_one_turn(part: QgsGeometry) -> list[QgsGeometry]:
    box = part.boundingBox()
    found: list[QgsGeometry] = []
    for turns in (-1, 0, 1):
        world = QgsRectangle(turns * TURN - HALF, -90.0, turns * TURN + HALF, 90.0)
        if not world.intersects(box):
            continue
        piece = QgsGeometry(part) if world.contains(box) else part.intersection(QgsGeometry.fromRect(world))
        piece.translate(-turns * TURN, 0.0)
        found.extend(surface for surface in piece.asGeometryCollection() if surface.area() > 0)
    return found
