"""Small buttons with an icon of the theme."""

from __future__ import annotations

from qgis.core import QgsApplication

from ..qt import QtGui, QtWidgets


def theme_icon(name: str) -> QtGui.QIcon:
    """An icon of QGIS by the name of its file without the ending, such as ``mActionUndo``."""
    return QgsApplication.getThemeIcon(f"/{name}.svg")


def tool_button(icon: str = "", *, flat: bool = True) -> QtWidgets.QToolButton:
    """A button with an icon (``theme_icon``); a flat one has a frame only below the mouse."""
    button = QtWidgets.QToolButton()
    button.setAutoRaise(flat)
    if icon:
        button.setIcon(theme_icon(icon))
    return button
