"""Where the polygons of a layer come from, as the layer's metadata: in the project, and inside a GeoPackage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from qgis.core import QgsException, QgsLayerMetadata, QgsNotSupportedException, QgsProviderRegistry, QgsVectorLayer

from .errors import LayerError
from .storage import gpkg_of, tables_of

KEYWORDS = ["GeoPix", "segmentation", "vision-language model"]


@dataclass(frozen=True)
class Run:
    """What produced the polygons of one turn.

    Attributes:
        turn: Its number.
        time: Of the question, ISO 8601.
        prompt: What was asked.
        model: Name and revision.
        device: Where it ran.
        source: File or name of the raster.
        gsd_m: Ground sampling distance, None where unknown.
        seconds: How long it took.
        extent: What was looked at, as WKT or in words.
    """

    turn: int
    time: str
    prompt: str
    model: str
    device: str
    source: str
    gsd_m: Optional[float]
    seconds: float
    extent: str

    @property
    def line(self) -> str:
        """One line of history."""
        gsd = "unknown" if self.gsd_m is None else f"{self.gsd_m:.3g} m"
        prompt = " ".join(self.prompt.split())
        return (
            f'{_start(self.turn)} {self.time}, "{prompt}", model {self.model} on {self.device}, {self.seconds:.1f} s, '
            f"raster {self.source}, ground resolution {gsd}, area {self.extent}"
        )


def metadata(layer: QgsVectorLayer, raster_name: str, source: str) -> QgsLayerMetadata:
    """Title and abstract of a layer of answers, its history kept.

    Args:
        layer: Whose metadata is the start.
        raster_name: What the answers are about.
        source: File or name of the raster.
    """
    told = layer.metadata().clone()
    told.setType("dataset")
    told.setTitle(f"{layer.name()}: {raster_name}")
    told.setAbstract(
        f"Polygons that a vision-language model found in {source or raster_name}, asked in words with GeoPix. Score is "
        "the model's mean confidence (0 to 1); area and perimeter are geodesic. The history has one line per question."
    )
    told.setKeywords({"gmd:topicCategory": KEYWORDS})
    told.setCrs(layer.crs())
    return told


def note_turn(layer: QgsVectorLayer, run: Run) -> None:
    """Adds a turn to the history of a layer; one that was noted before is replaced.

    Raises:
        LayerError: If the GeoPackage takes no metadata.
    """
    told = layer.metadata().clone()
    told.setHistory([line for line in told.history() if not line.startswith(_start(run.turn))] + [run.line])
    save(layer, told)


def save(layer: QgsVectorLayer, told: QgsLayerMetadata) -> None:
    """Gives a layer its metadata; in a GeoPackage also those of its table.

    Raises:
        LayerError: If the GeoPackage takes no metadata.
    """
    layer.setMetadata(told)
    path = gpkg_of(layer)
    if path is not None:
        registry = QgsProviderRegistry.instance()
        parts = registry.decodeUri("ogr", layer.source())
        table = parts.get("layerName") or tables_of(path)[int(parts.get("layerId") or 0)]
        try:
            ok, message = registry.saveLayerMetadata("ogr", f"{path}|layername={table}", told)
        except (QgsException, QgsNotSupportedException) as error:  # a file that is gone; the latter from QGIS 3.40 on
            ok, message = False, str(error)
        if not ok:
            raise LayerError(f"The provenance could not be stored in the GeoPackage: {message}")


def _start(turn: int) -> str:
    return f"Turn {turn}:"
