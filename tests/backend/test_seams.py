"""Outlines of objects that were cut at the edges of blocks: put together without a trace, whatever rounding did."""

from __future__ import annotations

import pytest
import shapely
from shapely import Polygon

from geopix_backend.blocks import Part
from geopix_backend.seams import outline

CUT = shapely.box(0, 0, 10, 10)


def part(polygon: Polygon) -> Part:
    return Part([polygon], polygon, likely=90.0, evidence=0.0)


@pytest.mark.parametrize(
    ("other", "area"),
    [
        (shapely.box(10, 0, 20, 10), 200.0),  # they share an edge
        (shapely.box(9.5, 0, 20, 10), 200.0),  # they overlap
        (Polygon([(9.5, 0), (20, 0), (20, 10), (10.5, 10)]), 198.75),  # as much gap as overlap
        (shapely.box(10 + 2.0**-13, 0, 20, 10), 200.0),  # a gap that is rounding
    ],
)
def test_two_parts_become_one_valid_polygon(other: Polygon, area: float) -> None:
    (found,) = outline([part(CUT), part(other)], 0.0, 1.0)
    assert found.is_valid
    assert found.area == pytest.approx(area, abs=0.05)


def test_specks_are_left_out_unless_there_is_nothing_else() -> None:
    speck = shapely.box(30, 0, 31, 1)
    (found,) = outline([part(CUT), part(speck)], 0.0, 2.0)
    assert found.equals(CUT)
    assert len(outline([part(speck)], 0.0, 2.0)) == 1
