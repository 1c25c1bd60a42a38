"""One question, or the download of a model, over HTTP; its answer as a stream of events."""

from __future__ import annotations

import json
from typing import Any, Optional

from . import bodies, loopback, protocol
from .endpoint import Endpoint
from .handover import Handover
from .qt import QtCore, QtNetwork, Signal
from .translation import tr

SILENCE_LIMIT_MS = 35_000  # the model process sends a heartbeat every 10 s


class AskClient(QtCore.QObject):
    """Sends one question at a time.

    Signals: ``received(protocol.Event)`` for each event in order; then exactly one of ``finished()`` after a done or
    error event, ``failed(code, message)``, or ``stopped()`` after ``stop``.
    """

    received = Signal(object)
    finished = Signal()
    failed = Signal(str, str)
    stopped = Signal()

    def __init__(self, parent: Optional[QtCore.QObject] = None) -> None:
        super().__init__(parent)
        self._network = loopback.network(self)
        self._reply: Optional[QtNetwork.QNetworkReply] = None
        self._watchdog = QtCore.QTimer(self)
        self._watchdog.setSingleShot(True)
        self._watchdog.setInterval(SILENCE_LIMIT_MS)
        self._watchdog.timeout.connect(self._silent)
        self._endpoint: Optional[Endpoint] = None
        self._question: Optional[Handover] = None
        self._decoder = protocol.Decoder()
        self._buffer = b""
        self._closing = False  # the connection is being closed from this side
        self._draining = False  # events are being handed on
        self._over = False  # the connection ended meanwhile
        self._outcome: tuple[str, ...] = ()  # name of the last signal, with its values

    @property
    def active(self) -> bool:
        """Whether an answer is on its way."""
        return self._reply is not None

    def ask(self, endpoint: Endpoint, question: Handover) -> None:
        """Posts a question; its shared memory is given back when the answer ends."""
        if endpoint.remote and question.shared:
            question.unshare()
        self._question = question
        self._post(endpoint, "/v1/ask", question.content_type, question.body)

    def fetch_model(self, endpoint: Endpoint, name: str) -> None:
        """Lets the model process fetch a published model; ``received`` gets ``protocol.InstallEvent``s."""
        self._post(endpoint, f"/v1/models/{name}/download", protocol.JSON_TYPE, b"")

    def _post(self, endpoint: Endpoint, path: str, content_type: str, body: bytes) -> None:
        if self._reply is not None:
            raise RuntimeError("an answer is still on its way")
        self._endpoint = endpoint
        self._forget()
        request = loopback.prepare(self._network, endpoint, path)
        request.setHeader(QtNetwork.QNetworkRequest.KnownHeaders.ContentTypeHeader, content_type)
        request.setRawHeader(b"Accept", b"text/event-stream")
        self._reply = self._network.post(request, QtCore.QByteArray(body))
        self._reply.readyRead.connect(self._read)
        self._reply.finished.connect(self._ended)
        self._watchdog.start()

    def stop(self) -> None:
        """Closes the connection, which stops the model; ``stopped`` follows."""
        if self._reply is not None and not self._closing:
            self._close(("stopped",))

    def _forget(self) -> None:
        self._decoder = protocol.Decoder()
        self._buffer = b""
        self._closing = False
        self._outcome = ()

    # Work in the slots of a reply, or deleting it there, crashes Qt now and then: a slot only notes, a timer does.
    def _read(self) -> None:
        if self._reply is not None:
            self._buffer += bytes(self._reply.readAll())
            QtCore.QTimer.singleShot(0, self._drain)

    def _ended(self) -> None:
        QtCore.QTimer.singleShot(0, self._finish)

    def _drain(self) -> None:
        """Hands on what has come.  A slot may run an event loop, as the feedback of algorithms does: the rest waits."""
        if self._reply is None or self._closing or self._draining:
            return
        self._watchdog.start()
        if loopback.status_of(self._reply) != 200:
            return  # a refusal in JSON: read as a whole in `_finish`
        self._draining = True
        try:
            while self._buffer and not self._closing:
                data, self._buffer = self._buffer, b""
                self._hand_on(data)
        finally:
            self._draining = False
        if self._over:
            self._over = False
            self._ended()

    def _hand_on(self, data: bytes) -> None:
        try:
            events = self._decoder.feed(data)
        except (ValueError, TypeError) as error:
            self._give_up("protocol", tr("The answer of the model process cannot be read: {error}", error=error))
            return
        for event in events:
            last = isinstance(event, protocol.InstallEvent) and event.stage == "installed"
            if last or isinstance(event, (protocol.DoneEvent, protocol.ErrorEvent)):
                self._outcome = ("finished",)
            self.received.emit(event)
            if self._closing:  # a slot called stop
                return

    def _finish(self) -> None:
        if self._reply is None:
            return
        if self._draining:
            self._over = True
            return
        if not self._closing:
            self._buffer += bytes(self._reply.readAll())
            self._drain()
        reply, self._reply = self._reply, None
        self._watchdog.stop()
        outcome = self._outcome or self._failure(reply)
        reply.deleteLater()
        question, self._question = self._question, None
        if outcome[:2] == ("failed", bodies.SHARED_CODE) and question is not None and self._endpoint is not None:
            question.unshare()  # a frame is never refused for this
            self._post(self._endpoint, "/v1/ask", question.content_type, question.body)
            return
        if question is not None:
            question.close()
        getattr(self, outcome[0]).emit(*outcome[1:])

    def _failure(self, reply: Any) -> tuple[str, str, str]:
        """Why a reply ended without a last event."""
        status = loopback.status_of(reply)
        if status not in (0, 200):
            return ("failed", *_refusal(status, self._buffer))
        return ("failed", "connection", tr("The model process broke off its answer."))

    def _give_up(self, code: str, message: str) -> None:
        if self._reply is not None and not self._closing:
            self._close(("failed", code, message))

    def _close(self, outcome: tuple[str, ...]) -> None:
        self._closing, self._outcome = True, outcome
        if self._reply is not None and self._reply.isRunning():  # else `_finish` is on its way already
            self._reply.abort()

    def _silent(self) -> None:
        seconds = self._watchdog.interval() // 1000
        how = tr("Ask again; if it stays silent, press Restart in the menu under Model and its process.")
        self._give_up(
            "silent", tr("The model process has been silent for {seconds} s. {how}", seconds=seconds, how=how)
        )


def _refusal(status: int, body: bytes) -> tuple[str, str]:
    """Code and message of a refused request; the body is JSON with ``code`` and ``message`` where all is well."""
    try:
        said = json.loads(body)
        return str(said["code"]), str(said["message"])
    except (ValueError, KeyError, TypeError):
        return "http", tr("The model process refused the question with HTTP status {status}.", status=status)
