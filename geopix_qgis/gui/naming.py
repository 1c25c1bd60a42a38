"""Names of widgets: for tests and scripts, for screen readers, and for who points at them."""

from __future__ import annotations

from ..qt import QtWidgets

Named = tuple[QtWidgets.QWidget, str, str, str]


def name_widgets(*rows: Named) -> None:
    """Names widgets, each as (widget, object name, accessible name, tooltip)."""
    for widget, name, accessible, tip in rows:
        widget.setObjectName(name)
        widget.setAccessibleName(accessible)
        widget.setToolTip(tip)
