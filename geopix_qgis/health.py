"""How a model process is, asked over HTTP; also whether a server elsewhere is one that can be used."""

from __future__ import annotations

import json
from typing import Optional

from . import loopback, protocol
from .endpoint import Endpoint
from .qt import QtCore, QtNetwork, Signal
from .translation import tr
from .vitals import health_from_json

LIMIT_MS = 15_000


class HealthCheck(QtCore.QObject):
    """Asks ``/health``.  Signals: ``well(vitals.Health)`` or ``failed(str)``."""

    well = Signal(object)
    failed = Signal(str)

    def __init__(self, parent: Optional[QtCore.QObject] = None) -> None:
        super().__init__(parent)
        self._network = loopback.network(self)
        self._reply: Optional[QtNetwork.QNetworkReply] = None
        self._endpoint = Endpoint(0, "")
        self._limit = QtCore.QTimer(self)
        self._limit.setSingleShot(True)
        self._limit.setInterval(LIMIT_MS)
        self._limit.timeout.connect(self._too_slow)

    def start(self, endpoint: Endpoint) -> None:
        """Asks once; a signal follows.  Does nothing while an answer is on its way."""
        if self._reply is not None:
            return
        self._endpoint = endpoint
        self._reply = self._network.get(loopback.prepare(self._network, endpoint, "/health"))
        self._reply.finished.connect(self._ended)
        self._limit.start()

    def cancel(self) -> None:
        """Ends without a signal."""
        self._limit.stop()
        reply, self._reply = self._reply, None
        if reply is not None:
            reply.blockSignals(True)
            if reply.isRunning():
                reply.abort()
            reply.deleteLater()

    def _too_slow(self) -> None:
        if self._reply is not None and self._reply.isRunning():
            self._reply.abort()

    def _ended(self) -> None:
        QtCore.QTimer.singleShot(0, self._read)  # see client.AskClient: no work in the slot of a reply

    def _read(self) -> None:
        if self._reply is None:
            return
        self._limit.stop()
        reply, self._reply = self._reply, None
        status, body = loopback.status_of(reply), bytes(reply.readAll())
        problem = loopback.unreachable(self._endpoint, reply) if status == 0 else self._refusal(status, body)
        reply.deleteLater()
        if problem:
            self.failed.emit(problem)
        else:
            self.well.emit(health_from_json(body))

    def _refusal(self, status: int, body: bytes) -> str:
        """Why an answer is none of a model process that can be used, "" where it is."""
        where = tr("The server {address}", address=self._endpoint.address)
        if status == 401:
            return tr("{where} does not accept the token. Ask who runs it for the right one.", where=where)
        try:
            said = json.loads(body)
            found = said["protocol"] if status == 200 else None
        except (ValueError, KeyError, TypeError):
            found = None
        if found is None:
            return tr(
                "{where} answers, with HTTP status {status}, but is no GeoPix. Check address and port.",
                where=where,
                status=status,
            )
        if found != protocol.VERSION:
            return tr(
                "{where} speaks version {found} of the protocol and this plugin version {version}. "
                "Install the same release of both.",
                where=where,
                found=found,
                version=protocol.VERSION,
            )
        return ""
