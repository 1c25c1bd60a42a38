"""The settings, the language and the network of QGIS; no layers, no project, no map."""

from __future__ import annotations

from PyQt6.QtCore import QSettings
from PyQt6.QtNetwork import QNetworkAccessManager, QNetworkProxy
from PyQt6.QtWidgets import QApplication

from qgis.absent import absent

NULL = None  # modules name it; no test here has a field without a value


class QgsSettings(QSettings):
    """QGIS's settings are Qt's, with more."""


class QgsApplication(QApplication):
    """QGIS in English."""

    @staticmethod
    def locale() -> str:
        return "en"


class QgsNetworkAccessManager(QNetworkAccessManager):
    """A network without a proxy of QGIS."""

    _instance = None

    @classmethod
    def instance(cls) -> QgsNetworkAccessManager:
        cls._instance = cls._instance or cls()
        return cls._instance

    def fallbackProxy(self) -> QNetworkProxy:
        return QNetworkProxy(QNetworkProxy.ProxyType.NoProxy)


def __getattr__(name: str) -> type:
    return absent(name)
