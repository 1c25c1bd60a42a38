"""What of QGIS the Qt half of the plugin touches, on PyQt6: a stub, because no QGIS on Qt 6 is at hand."""
