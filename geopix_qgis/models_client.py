"""What the model process says of its models, over HTTP."""

from __future__ import annotations

from typing import Optional

from . import protocol
from .backend_process import Endpoint
from .qt import QtCore, QtNetwork, Signal


class ModelsClient(QtCore.QObject):
    """Fetches the facts about the models.  Signal: ``received(tuple of protocol.ModelFacts)``; silent if it fails."""

    received = Signal(object)

    def __init__(self, parent: Optional[QtCore.QObject] = None) -> None:
        super().__init__(parent)
        self._network = QtNetwork.QNetworkAccessManager(self)
        self._network.setProxy(QtNetwork.QNetworkProxy(QtNetwork.QNetworkProxy.ProxyType.NoProxy))
        self._reply: Optional[QtNetwork.QNetworkReply] = None

    def fetch(self, endpoint: Endpoint) -> None:
        """Asks once."""
        if self._reply is not None:
            return
        request = QtNetwork.QNetworkRequest(QtCore.QUrl(f"http://127.0.0.1:{endpoint.port}/v1/models"))
        request.setRawHeader(protocol.AUTH_HEADER.encode(), f"Bearer {endpoint.token}".encode())
        self._reply = self._network.get(request)
        self._reply.finished.connect(self._ended)

    def _ended(self) -> None:
        QtCore.QTimer.singleShot(0, self._read)  # see client.AskClient: no work in the slot of a reply

    def _read(self) -> None:
        if self._reply is None:
            return
        reply, self._reply = self._reply, None
        body = bytes(reply.readAll())
        reply.deleteLater()
        try:
            models = protocol.models_from_json(body)
        except protocol.ProtocolError:
            return  # a server that went away, or another version, which the next question will tell in words
        self.received.emit(models)
