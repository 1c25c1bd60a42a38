"""What QGIS loads and unloads."""

from __future__ import annotations

from typing import Any, Optional

from qgis.core import QgsApplication

from .backend_process import Endpoint
from .gui.dock import GeoPixDock
from .gui.options import OptionsFactory
from .processing.provider import GeoPixProvider
from .qt import QAction, QShortcut, QtCore, QtGui, QtWidgets
from .shipped import shipped

MENU = "GeoPix"
SHORTCUT = "Ctrl+Alt+I"  # I for image; G opens the Graphical Modeler, and Qt gives a key with two meanings to none


def icon() -> QtGui.QIcon:
    """The icon of menu, toolbar and options page."""
    return QtGui.QIcon(str(shipped("icon.svg")))


class GeoPixPlugin:
    """Adds a dock, a menu entry under Raster, a toolbar button and an options page; takes all of them away again."""

    def __init__(self, iface: Any) -> None:
        self._iface = iface
        self._action: Optional[QAction] = None
        self._shortcut: Optional[QShortcut] = None
        self._options: Optional[OptionsFactory] = None
        self.dock: Optional[GeoPixDock] = None
        self.provider: Optional[GeoPixProvider] = None

    def initProcessing(self) -> None:
        """Called by QGIS where no GUI runs, such as in ``qgis_process``; else by ``initGui``."""
        self.provider = GeoPixProvider(self._endpoint)
        QgsApplication.processingRegistry().addProvider(self.provider)

    def initGui(self) -> None:
        """Called by QGIS when the plugin is switched on."""
        self.initProcessing()
        window = self._iface.mainWindow()
        self.dock = GeoPixDock(self._iface.mapCanvas(), self._iface.messageBar(), window)
        self.dock.exporting.show_properties = self._iface.showLayerProperties
        self._iface.addDockWidget(QtCore.Qt.DockWidgetArea.RightDockWidgetArea, self.dock)
        action = self.dock.toggleViewAction()
        self._action = QAction(icon(), "Ask about a raster", window)
        self._action.setObjectName("geopixToggle")
        self._action.setToolTip("GeoPix: chat about a raster and get polygons")
        self._action.setCheckable(True)
        self._action.setChecked(action.isChecked())
        self._action.triggered.connect(self.dock.setVisible)
        action.toggled.connect(self._action.setChecked)
        self._iface.addPluginToRasterMenu(MENU, self._action)
        self._iface.addToolBarIcon(self._action)
        self._shortcut = QShortcut(QtGui.QKeySequence(SHORTCUT), window)
        self._shortcut.setObjectName("geopixFocus")
        self._shortcut.activated.connect(self.dock.focus)
        self._options = OptionsFactory(icon())
        self._iface.registerOptionsWidgetFactory(self._options)

    def unload(self) -> None:
        """Called by QGIS when the plugin is switched off or QGIS ends."""
        if self.provider is not None:
            QgsApplication.processingRegistry().removeProvider(self.provider)
            self.provider = None
        if self.dock is None or self._action is None or self._shortcut is None:
            return
        menus = [menu for menu in self._action.associatedWidgets() if isinstance(menu, QtWidgets.QMenu)]
        self._iface.removePluginRasterMenu(MENU, self._action)
        for menu in menus:
            if menu.title() == MENU and menu.isEmpty():
                menu.deleteLater()  # QGIS makes one each time, and leaves it behind
        self._iface.removeToolBarIcon(self._action)
        self._iface.unregisterOptionsWidgetFactory(self._options)
        self._iface.removeDockWidget(self.dock)
        self.dock.close_down()
        self.dock.setParent(None)
        self.dock.deleteLater()
        self._action.deleteLater()
        self._shortcut.deleteLater()
        self.dock = self._action = self._shortcut = self._options = None

    def _endpoint(self) -> Optional[Endpoint]:
        """Where the model process of the dock listens."""
        return self.dock.conversation.process.endpoint if self.dock is not None else None
