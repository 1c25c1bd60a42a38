"""GeoPixel: a grounded conversation model of 7 billion parameters for remote sensing pictures (arXiv:2501.13925)."""
