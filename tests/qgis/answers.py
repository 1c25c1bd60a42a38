"""Made-up answers for tests of the layers."""

from __future__ import annotations

from qgis.core import QgsCoordinateReferenceSystem, QgsVectorLayer

from geopix_qgis.layers import ResultLayer
from geopix_qgis.protocol import RegionEvent

UTM33 = QgsCoordinateReferenceSystem("EPSG:32633")
TIME = "2026-03-04T05:06:07+00:00"


def square(number: int = 0, side: float = 10.0) -> list[list[list[float]]]:
    """One of many squares side by side, in EPSG:32633."""
    left, low = 500_000.0 + 20 * number, 5_400_000.0
    return [[[left, low], [left + side, low], [left + side, low + side], [left, low + side], [left, low]]]


def region(rings=None, name="building", **changes) -> RegionEvent:
    """A region of 84 m²."""
    values = {
        "geometry": {"type": "Polygon", "coordinates": rings or square()},
        "phrase": f"the {name}",
        "class_name": name,
        "score": 0.75,
        "area_m2": 84.0,
        "perimeter_m": 56.0,
        "target": 0,
        "turn": 1,
        "prompt": "Häuser?",
        "model": "nano 1",
        "gsd_m": 0.5,
    }
    return RegionEvent(**{**values, **changes})


def result_with(*regions: RegionEvent, **choices) -> ResultLayer:
    """Answers about the raster ``scene``."""
    result = ResultLayer("scene", UTM33, source="/data/scene.tif", **choices)
    result.add(regions, TIME)
    return result


def rows(layer: QgsVectorLayer, *names: str) -> list[tuple]:
    """Attributes of all polygons, sorted."""
    return sorted(tuple(feature[name] for name in names) for feature in layer.getFeatures())
