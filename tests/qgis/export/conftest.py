"""Layers to export, plans for them, and reading back what was written."""

from __future__ import annotations

import json

import pytest
from osgeo import gdal
from qgis.core import QgsCoordinateReferenceSystem, QgsFeature, QgsGeometry, QgsProject, QgsVectorLayer

from geopix_qgis import export_formats, field_names
from geopix_qgis.export import Plan

UTM33, DEGREES = "EPSG:32633", "EPSG:4326"
FIELDS = (
    "field=phrase:string(120)&field=class:string(60)&field=score:double&field=area_m2:double&field=perimeter_m:double"
    "&field=turn:integer&field=prompt:string(400)&field=review:string(20)&field=number:int8&field=when:datetime"
)
X, Y = 500_000.0, 5_400_000.0
NAME = "Bäume, 屋根"


def square(left, bottom, size=10.0, hole=0.0):
    """A MultiPolygon, with a hole of that size in its lower left."""

    def ring(x, y, side):
        return f"({x} {y},{x + side} {y},{x + side} {y + side},{x} {y + side},{x} {y})"

    inner = f",{ring(left + 2, bottom + 2, hole)}" if hole else ""
    return f"MULTIPOLYGON(({ring(left, bottom, size)}{inner}))"


@pytest.fixture
def make_layer(qgis_new_project):
    """A layer of answers: ``make_layer((wkt, {field: value}), ..., crs=)``."""

    def make(*items, crs=UTM33, name="answers", fields=FIELDS):
        layer = QgsVectorLayer(f"MultiPolygon?{f'crs={crs}&' if crs else ''}{fields}", name, "memory")
        layer.setCrs(QgsCoordinateReferenceSystem(crs))
        features = []
        for wkt, values in items:
            feature = QgsFeature(layer.fields())
            feature.setGeometry(QgsGeometry.fromWkt(wkt))
            for field, value in values.items():
                feature[field] = value
            features.append(feature)
        assert layer.dataProvider().addFeatures(features)[0]
        QgsProject.instance().addMapLayer(layer)
        return layer

    return make


@pytest.fixture
def two(make_layer):
    """One polygon with a hole and every value, one with NULLs only."""
    full = {
        "phrase": f"the {NAME}",
        "class": NAME,
        "score": 0.75,
        "area_m2": 12_345_678_901.125,
        "perimeter_m": 56.0,
        "turn": 2,
        "prompt": "Wo?",
        "number": 2**40,
    }
    return make_layer((square(X, Y, hole=4.0), full), (square(X + 20, Y), {}))


def plan(layer, path, **changes):
    key = export_formats.of_suffix(path).key
    fields = field_names.propose(layer.fields().names(), export_formats.FORMATS[key])
    return Plan(**{"path": path, "format": key, "crs": layer.crs(), "fields": fields, **changes})


def read(path):
    """(field names, [(values by field, geometry as JSON)], authority code) of a file's first layer."""
    dataset = gdal.OpenEx(str(path), gdal.OF_VECTOR)
    layer = dataset.GetLayer(0)
    reference = layer.GetSpatialRef()
    definition = layer.GetLayerDefn()
    names = [definition.GetFieldDefn(number).GetName() for number in range(definition.GetFieldCount())]
    rows = [json.loads(feature.ExportToJson()) for feature in layer]
    code = reference.GetAuthorityCode(None) if reference is not None else None
    return names, [(row["properties"], row["geometry"]) for row in rows], code


def parts(shape):
    """Polygons of a geometry; GDAL writes one part as a Polygon into GeoJSON."""
    return shape["coordinates"] if shape["type"] == "MultiPolygon" else [shape["coordinates"]]


@pytest.fixture(name="square")
def square_fixture():
    """``square(left, bottom, size=10.0, hole=0.0)``: a MultiPolygon as WKT."""
    return square


@pytest.fixture(name="plan")
def plan_fixture():
    """``plan(layer, path, **changes)``: the plan that the dialog would propose."""
    return plan


@pytest.fixture(name="read")
def read_fixture():
    """``read(path)``: names, rows and CRS of a file."""
    return read


@pytest.fixture(name="parts")
def parts_fixture():
    """``parts(shape)``: polygons of a geometry."""
    return parts
