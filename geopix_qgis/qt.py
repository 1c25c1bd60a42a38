"""The only import of Qt: Qt 5 and Qt 6 look the same to every other module of the plugin."""

from __future__ import annotations

import qgis.PyQt.QtCore  # noqa: F401  QGIS first: qtpy then takes the binding that is already loaded

try:
    from qtpy import QtCore, QtGui, QtNetwork, QtWidgets, QtXml
    from qtpy.QtCore import Signal
    from qtpy.QtWidgets import QAction
except (ImportError, RuntimeError):  # no qtpy, no `packaging` that it needs, or a binding that it does not know
    from qgis.PyQt import QtCore, QtGui, QtNetwork, QtWidgets, QtXml
    from qgis.PyQt.QtCore import pyqtSignal as Signal

    QAction = getattr(QtWidgets, "QAction", None) or QtGui.QAction

__all__ = ["QAction", "QtCore", "QtGui", "QtNetwork", "QtWidgets", "QtXml", "Signal"]
