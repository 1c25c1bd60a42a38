"""What the model process says of its models, over HTTP."""

from __future__ import annotations

from typing import Optional

from . import loopback, protocol
from .endpoint import Endpoint
from .qt import QtCore, QtNetwork, Signal


class ModelsClient(QtCore.QObject):
    """Fetches the facts about the models.  Signal: ``received(tuple of protocol.ModelFacts)``; silent if it fails."""

    received = Signal(object)

    def __init__(self, parent: Optional[QtCore.QObject] = None) -> None:
        super().__init__(parent)
        self._network = loopback.network(self)
        self._reply: Optional[QtNetwork.QNetworkReply] = None

    def fetch(self, endpoint: Endpoint) -> None:
        """Asks once."""
        if self._reply is not None:
            return
        self._reply = self._network.get(loopback.prepare(self._network, endpoint, "/v1/models"))
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
