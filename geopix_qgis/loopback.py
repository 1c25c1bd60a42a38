"""HTTP to the model process on this machine: directly, and with its token."""

from __future__ import annotations

from . import protocol
from .backend_process import Endpoint
from .qt import QtCore, QtNetwork


def network(parent: QtCore.QObject) -> QtNetwork.QNetworkAccessManager:
    """What sends requests.

    Not QgsNetworkAccessManager: that one cancels after 60 s of silence, caches, and sends 127.0.0.1 to a proxy.
    """
    manager = QtNetwork.QNetworkAccessManager(parent)
    manager.setProxy(QtNetwork.QNetworkProxy(QtNetwork.QNetworkProxy.ProxyType.NoProxy))
    return manager


def request_to(endpoint: Endpoint, path: str) -> QtNetwork.QNetworkRequest:
    """A request that the model process accepts; ``path`` such as ``/v1/ask``."""
    request = QtNetwork.QNetworkRequest(QtCore.QUrl(f"http://127.0.0.1:{endpoint.port}{path}"))
    request.setRawHeader(protocol.AUTH_HEADER.encode(), f"Bearer {endpoint.token}".encode())
    return request
