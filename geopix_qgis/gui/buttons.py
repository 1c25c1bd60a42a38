"""Small buttons with an icon of the theme, and entries of menus."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qgis.core import QgsApplication

from ..qt import QAction, QtGui, QtWidgets


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


def menu_action(menu: QtWidgets.QMenu, text: str, name: str, slot: Callable[..., Any]) -> QAction:
    """A new entry of a menu, with an object name."""
    action = QAction(text, menu)
    action.setObjectName(name)
    action.triggered.connect(lambda _checked=False: slot())
    menu.addAction(action)
    return action
