"""The colours of a layer as the analyst sees them: which bands, and over which values each is stretched."""

from __future__ import annotations

import math
from typing import Optional

from qgis.core import QgsContrastEnhancement, QgsMultiBandColorRenderer, QgsRasterLayer, QgsSingleBandGrayRenderer

Bands = tuple[int, int, int]
Range = tuple[float, float]


def shown_bands(layer: QgsRasterLayer) -> tuple[Optional[Bands], Optional[tuple[Range, ...]]]:
    """The bands that the layer shows as red, green and blue, and the (minimum, maximum) that it stretches each over.

    None leaves the choice to the model process: palettes and colour ramps have no such bands.
    """
    renderer = layer.renderer()
    if isinstance(renderer, QgsMultiBandColorRenderer):
        bands = (renderer.redBand(), renderer.greenBand(), renderer.blueBand())
        contrasts = (
            renderer.redContrastEnhancement(),
            renderer.greenContrastEnhancement(),
            renderer.blueContrastEnhancement(),
        )
    elif isinstance(renderer, QgsSingleBandGrayRenderer):
        bands, contrasts = (renderer.grayBand(),) * 3, (renderer.contrastEnhancement(),) * 3
    else:
        return None, None
    if min(bands) < 1:
        return None, None
    stretch = tuple(_stretch_of(contrast) for contrast in contrasts)
    return bands, None if None in stretch else stretch  # type: ignore[return-value]


def _stretch_of(contrast: Optional[QgsContrastEnhancement]) -> Optional[Range]:
    none = QgsContrastEnhancement.ContrastEnhancementAlgorithm.NoEnhancement
    if contrast is None or contrast.contrastEnhancementAlgorithm() == none:
        return None
    low, high = contrast.minimumValue(), contrast.maximumValue()
    return (low, high) if math.isfinite(low) and math.isfinite(high) and low < high else None
