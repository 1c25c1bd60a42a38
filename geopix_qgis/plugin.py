"""What QGIS loads and unloads."""

from __future__ import annotations

from typing import Any, Optional

from qgis.core import QgsApplication

from .endpoint import Endpoint
from .gui.dock import GeoPixDock
from .gui.help_window import HelpWindow
from .gui.locator import PromptFilter
from .gui.options import OptionsFactory
from .processing.provider import GeoPixProvider
from .qt import QAction, QtCore, QtGui, QtWidgets
from .shipped import shipped
from .translation import tr

MENU = "GeoPix"
SHORTCUT = "Ctrl+Alt+I"  # I for image; G opens the Graphical Modeler, and Qt gives a key with two meanings to none


def icon() -> QtGui.QIcon:
    """The icon of menu, toolbar and options page."""
    return QtGui.QIcon(str(shipped("icon.svg")))


class GeoPixPlugin:
    """Adds a dock, entries in the menus Raster and Help, a toolbar button, a key, an options page, a locator filter and
    algorithms; takes all of them away again."""

    def __init__(self, iface: Any) -> None:
        self._iface = iface
        self._toggle: Any = None
        self._focus: Any = None
        self._help: Any = None
        self._help_window: Optional[HelpWindow] = None
        self._options: Optional[OptionsFactory] = None
        self._locator: Optional[PromptFilter] = None
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
        self._add_actions(window, self.dock)
        self._options = OptionsFactory(icon())
        self._iface.registerOptionsWidgetFactory(self._options)
        self._locator = PromptFilter(self._ask)
        self._iface.registerLocatorFilter(self._locator)

    def unload(self) -> None:
        """Called by QGIS when the plugin is switched off or QGIS ends."""
        if self.provider is not None:
            QgsApplication.processingRegistry().removeProvider(self.provider)
            self.provider = None
        if self.dock is None:
            return
        self._iface.deregisterLocatorFilter(self._locator)
        self._iface.unregisterOptionsWidgetFactory(self._options)
        self._remove_actions()
        if self._help_window is not None:
            self._help_window.deleteLater()
        self._iface.removeDockWidget(self.dock)
        self.dock.close_down()
        self.dock.setParent(None)
        self.dock.deleteLater()
        self.dock = self._options = self._locator = self._help_window = None

    def _add_actions(self, window: QtWidgets.QWidget, dock: GeoPixDock) -> None:
        shown = dock.toggleViewAction()
        self._toggle = QAction(icon(), tr("Ask about a raster"), window)
        self._toggle.setObjectName("geopixToggle")
        self._toggle.setToolTip(tr("GeoPix: chat about a raster and get polygons"))
        self._toggle.setCheckable(True)
        self._toggle.setChecked(shown.isChecked())
        self._toggle.triggered.connect(dock.setVisible)
        shown.toggled.connect(self._toggle.setChecked)
        self._iface.addPluginToRasterMenu(MENU, self._toggle)
        self._iface.addToolBarIcon(self._toggle)
        self._focus = QAction(icon(), tr("GeoPix: type a question"), window)
        self._focus.setObjectName("geopixFocus")
        self._focus.triggered.connect(dock.focus)
        self._iface.addPluginToRasterMenu(MENU, self._focus)
        self._iface.registerMainWindowAction(self._focus, SHORTCUT)  # Settings > Keyboard Shortcuts changes it
        self._help = QAction(icon(), "GeoPix", window)
        self._help.setObjectName("geopixHelpAction")
        self._help.triggered.connect(self.show_help)
        self._iface.pluginHelpMenu().addAction(self._help)

    def _remove_actions(self) -> None:
        menus = [menu for menu in self._toggle.associatedWidgets() if isinstance(menu, QtWidgets.QMenu)]
        self._iface.unregisterMainWindowAction(self._focus)
        for action in (self._toggle, self._focus):
            self._iface.removePluginRasterMenu(MENU, action)
        for menu in menus:
            if menu.title() == MENU and menu.isEmpty():
                menu.deleteLater()  # QGIS makes one each time, and leaves it behind
        self._iface.removeToolBarIcon(self._toggle)
        self._iface.pluginHelpMenu().removeAction(self._help)
        for action in (self._toggle, self._focus, self._help):
            action.deleteLater()
        self._toggle = self._focus = self._help = None

    def show_help(self) -> None:
        """The guide."""
        if self._help_window is None:
            self._help_window = HelpWindow(self._iface.mainWindow())
        self._help_window.show()
        self._help_window.raise_()

    def _ask(self, prompt: str) -> None:
        """A question from the locator bar."""
        if self.dock is not None:
            self.dock.show()
            self.dock.raise_()
            self.dock.ask_beside_draft(prompt)

    def _endpoint(self) -> Optional[Endpoint]:
        """Where the model process of the dock listens."""
        return self.dock.conversation.process.endpoint if self.dock is not None else None
