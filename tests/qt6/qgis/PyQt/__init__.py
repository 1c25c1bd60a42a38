"""PyQt6 under the names by which QGIS gives it, without what QGIS 4 adds for old plugins."""
