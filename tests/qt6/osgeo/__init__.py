"""No GDAL: modules may name it, tests on PyQt6 do not use it."""
