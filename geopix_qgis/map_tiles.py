"""What became of the requests that QGIS sends for a map layer: a picture may lack tiles and not say so."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    Qgis,
    QgsApplication,
    QgsNetworkAccessManager,
    QgsNetworkReplyContent,
    QgsNetworkRequestParameters,
)

from .qt import QtNetwork
from .translation import tr

SENDERS = ("QgsWms", "QgsWcs", "QgsArcGis", "QgsAms")  # classes of QGIS that fetch rasters
EMPTY_CODES = (204, 404, 410)  # what servers say where they have no tile


class Requests:
    """Watches the requests for raster layers of the whole process, from ``watch`` to ``forget``.

    The map renderer reports no error where a tile did not arrive: the place stays transparent.  The network managers
    of all threads tell the one of the main thread.

    Attributes:
        failures: Reasons by address of what did not arrive.
        absent: Addresses of which the server says that there is nothing.
    """

    def __init__(self) -> None:
        self.failures: dict[str, str] = {}
        self.absent: set[str] = set()
        self._reasons: dict[str, str] = {}  # by address, also of earlier tries: the last replies may come too late
        self._watching = False

    @property
    def missing(self) -> int:
        """How many map tiles do not exist."""
        return len(self.absent)

    def watch(self) -> None:
        """Begins anew."""
        self.forget()
        self.failures, self.absent = {}, set()
        _replies().connect(self._replied)
        QgsApplication.messageLog().messageReceived.connect(self._logged)
        self._watching = True

    def forget(self) -> None:
        """Ends watching; what was seen stays."""
        if self._watching:
            _replies().disconnect(self._replied)
            QgsApplication.messageLog().messageReceived.disconnect(self._logged)
            self._watching = False

    def problem(self) -> str:
        """One sentence about what did not arrive, empty where all did."""
        if not self.failures:
            return ""
        reasons = sorted(set(self.failures.values()))
        count = len(self.failures)
        what = tr("{count:,} pieces of the map", count=count) if count > 1 else tr("A piece of the map")
        return tr("{what} did not arrive ({names}).", what=what, names="; ".join(reasons[:2]))

    def _replied(self, reply: Any) -> None:
        request = reply.request()
        sender = QtNetwork.QNetworkRequest.Attribute(QgsNetworkRequestParameters.AttributeInitiatorClass)
        if not str(request.attribute(sender)).startswith(SENDERS):
            return
        address, none = request.url().toString(), QtNetwork.QNetworkReply.NetworkError.NoError
        code = reply.attribute(QtNetwork.QNetworkRequest.Attribute.HttpStatusCodeAttribute)
        if code in EMPTY_CODES:
            self.absent.add(address)
            self.failures.pop(address, None)
        elif reply.error() != none:
            self.failures[address] = self._reasons[address] = f"HTTP status {code}" if code else reply.errorString()
        else:
            self.failures.pop(address, None)  # QGIS has asked again by itself

    def _logged(self, message: str, tag: str, level: Any) -> None:
        """Notes answers that are no image, which only QGIS's log knows of.

        From 3.40 on it also tells of tiles that QGIS has given up asking for, with their addresses.
        """
        ours = tag == "WMS" and level == Qgis.MessageLevel.Warning and "://" in message
        if ours and not any(address in message for address in (*self.absent, *self.failures)):
            known = (why for address, why in self._reasons.items() if address in message)
            self.failures.setdefault(message, next(known, tr("not an image")))


def _replies() -> Any:
    """The signal with which every reply of every thread ends."""
    return QgsNetworkAccessManager.instance().finished[QgsNetworkReplyContent]
