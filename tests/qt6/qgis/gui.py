"""No widget of QGIS."""

from qgis.absent import absent


def __getattr__(name: str) -> type:
    return absent(name)
