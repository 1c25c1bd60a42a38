"""Writing polygons to a file, all or nothing.

Several layers go into ONE file with one layer, because the field ``class`` tells their polygons apart.  What the map
shows is what is written: the filter of a layer holds, and rejected polygons stay out; both are said.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from osgeo import gdal
from qgis.core import QgsCoordinateReferenceSystem, QgsFeedback, QgsVectorLayer

from . import export_dxf, export_formats, field_names
from .errors import LayerError
from .export_columns import columns_of, fitted
from .export_formats import Format
from .export_ogr import OgrWriter, count_features
from .export_rows import Row, Skipped, Source, living, tally
from .export_style import style_qml
from .export_target import check_target, move_all
from .translation import tr
from .whole_file import draft
from .wording import polygons

STOPPED = tr("The export was stopped; nothing was written.")
DEGREES = "EPSG:4326"


@dataclass(frozen=True)
class Plan:
    """What to write and how.

    Attributes:
        path: The main file.
        format: A key of ``export_formats.FORMATS``.
        crs: Of the file; not used by GeoJSON and KML, which are in EPSG:4326; invalid for pixel coordinates.
        fields: (name in the layers, name in the file), in order; others are left out.
        selected_only: Whether to write the selected polygons only.
        overwrite: Whether an existing file may be replaced.
    """

    path: Path
    format: str
    crs: QgsCoordinateReferenceSystem
    fields: tuple[tuple[str, str], ...]
    selected_only: bool = False
    overwrite: bool = False


@dataclass(frozen=True)
class Written:
    """What was written: the main file, how many polygons, and what to know about it, in words."""

    path: Path
    count: int
    warnings: tuple[str, ...] = ()


def write(layers: Sequence[QgsVectorLayer], plan: Plan, feedback: Optional[QgsFeedback] = None) -> Written:
    """Writes the polygons of layers; the file appears only when it is complete.

    Raises:
        LayerError: If the plan cannot be carried out, or the feedback was cancelled.
    """
    return Export(layers, plan).run(feedback or QgsFeedback())


class Export:
    """An export that is ready to run: made where the layers live, run in any thread.

    Attributes:
        count: How many polygons will be written, before empty ones are met.
    """

    def __init__(self, layers: Sequence[QgsVectorLayer], plan: Plan) -> None:
        """Checks the plan and takes a snapshot of the layers.

        Raises:
            LayerError: If the plan cannot be carried out.
        """
        self._plan, self._form = plan, export_formats.of_key(plan.format)
        check_target(plan.path, self._form, plan.overwrite)
        found = tally(living(layers), plan.selected_only)
        self.count, self._filtered = found.count, found.filtered
        if not found.count:
            raise LayerError(nothing_to_write(plan.selected_only, found.filtered + found.rejected))
        finals = [final for _, final in plan.fields] if self._form.has_fields else []
        for problem in field_names.problems(finals, self._form).values():
            raise LayerError(problem)
        self._fields = plan.fields if self._form.has_fields else ()
        self._columns = columns_of(layers, self._fields, self._form.key)
        self._crs = crs_of(self._form, plan.crs)
        names = [source for source, _ in self._fields]
        self._sources = [Source(layer, self._crs, plan.selected_only, names) for layer in layers]
        self._style, style_note = style_qml(layers, self._fields) if self._form.key == "gpkg" else ("", "")
        self._notes = [*losses(self._form, self._crs, self._fields), *([style_note] if style_note else [])]

    def run(self, feedback: QgsFeedback) -> Written:
        """Writes, with progress in percent.

        Raises:
            LayerError: If it was cancelled or the file cannot be written; then nothing has changed.
        """
        path = self._plan.path
        gdal.PushErrorHandler("CPLQuietErrorHandler")
        try:
            with draft(path) as made:
                count, notes = self._write(made, feedback)
                move_all(self._form, made, path, self._plan.overwrite)
        except OSError as error:
            reason = error.strerror or str(error)
            raise LayerError(
                tr(
                    "{path} cannot be written: {reason}. Free some space, close what uses it, or choose "
                    "another folder.",
                    path=path,
                    reason=reason,
                )
            ) from error
        except RuntimeError as error:  # another plugin told GDAL to raise
            raise LayerError(
                tr("{path} cannot be written: {error}. Choose another format or folder.", path=path, error=error)
            ) from error
        finally:
            gdal.PopErrorHandler()
        return Written(path, count, tuple(notes))

    def _write(self, made: Path, feedback: QgsFeedback) -> tuple[int, list[str]]:
        columns = self._columns
        if self._form.key == "shp":
            columns = fitted(columns, self._rows(Skipped(), feedback, 0))
        skipped, count = Skipped(), 0
        place = export_dxf.place_in_memory(made) if self._form.key == "dxf" else str(made)
        writer = OgrWriter(place, self._form, self._crs, columns)
        try:
            for row in self._rows(skipped, feedback, 50 if self._form.key == "shp" else 0):
                writer.add(row)
                count += 1
            if self._style:
                writer.add_style(made.stem, self._style)
            writer.close()
            if count_features(place) != writer.entities:
                raise OSError(tr("only a part of the {count:,} polygons reached the disk", count=count))
            if place != str(made):
                export_dxf.save(place, made)
        finally:
            writer.abandon()
            if place != str(made):
                export_dxf.forget(place)
        return count, [*self._left_out(skipped), *self._notes, *writer.notes]

    def _rows(self, skipped: Skipped, feedback: QgsFeedback, start: int) -> Iterator[Row]:
        """The rows of all layers; progress goes from ``start`` to 100, or to 50 where a shapefile is measured."""
        end = 50 if self._form.key == "shp" and start == 0 else 100
        for number, row in enumerate(row for source in self._sources for row in source.rows(skipped)):
            if feedback.isCanceled():
                raise LayerError(STOPPED)
            if number % 200 == 0:
                feedback.setProgress(start + (end - start) * min(1.0, number / self.count))
            yield row

    def _left_out(self, skipped: Skipped) -> list[str]:
        said = []
        for number, reason in (
            (self._filtered, tr("hidden by the filter")),
            (skipped.rejected, tr("rejected in the review")),
            (skipped.empty, tr("without a shape")),
        ):
            if number:
                several = tr("{polygons} {reason} were left out.", polygons=polygons(number), reason=reason)
                said.append(tr("1 polygon {reason} was left out.", reason=reason) if number == 1 else several)
        if skipped.crossed:
            text = tr("{polygons} across longitude 180 were cut in two there.", polygons=polygons(skipped.crossed))
            one = tr("1 polygon across longitude 180 was cut in two there.")
            said.append(one if skipped.crossed == 1 else text)
        return said


def crs_of(form: Format, chosen: QgsCoordinateReferenceSystem) -> QgsCoordinateReferenceSystem:
    """The CRS that a file of the format will have."""
    return QgsCoordinateReferenceSystem(DEGREES) if form.degrees else chosen


def losses(form: Format, crs: QgsCoordinateReferenceSystem, fields: Sequence[tuple[str, str]]) -> list[str]:
    """What a file of the format will not hold, in words."""
    said = []
    if not form.has_fields:
        said.append(form.note)
    if form.key == "dxf" and crs.isValid() and crs.isGeographic():
        said.append(tr("The coordinates are in degrees: CAD measures no metres in them. A projected CRS is better."))
    renamed = [tr("{source} is {final}", source=source, final=final) for source, final in fields if source != final]
    if renamed:
        said.append(tr("Fields renamed: {names}.", names=", ".join(renamed)))
    return said


def nothing_to_write(selected_only: bool, left_out: int) -> str:
    """Why there is no polygon to write, and what to do."""
    if left_out:
        return tr("All polygons are hidden by the filter or rejected. Lower the filter, or choose others.")
    return (
        tr("No polygon is selected. Select some, or export all.")
        if selected_only
        else tr("There are no polygons to export.")
    )
