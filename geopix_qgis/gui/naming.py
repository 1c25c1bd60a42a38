"""Names of widgets: for tests and scripts, for screen readers, and for who points at them."""

from __future__ import annotations

from qgis.gui import QgsFileWidget, QgsProjectionSelectionWidget

from ..qt import QtCore, QtWidgets

COMPOSED = (QgsFileWidget, QgsProjectionSelectionWidget)
Named = tuple[QtWidgets.QWidget, str, str, str]


def name_widgets(*rows: Named) -> None:
    """Names widgets, each as (widget, object name, accessible name, tooltip)."""
    for widget, name, accessible, tip in rows:
        widget.setObjectName(name)
        widget.setAccessibleName(accessible)
        widget.setToolTip(tip)
        if isinstance(widget, COMPOSED):
            name_parts(widget, accessible)


def name_parts(widget: QtWidgets.QWidget, accessible: str) -> None:
    """Gives the unnamed parts of a widget of QGIS its name: they have the focus, so theirs is what is read out."""
    for part in widget.findChildren(QtWidgets.QWidget):
        if part.focusPolicy() != QtCore.Qt.FocusPolicy.NoFocus and not part.accessibleName():
            part.setAccessibleName(accessible)
