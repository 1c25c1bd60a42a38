"""HTTP to a model process: directly where it runs on this machine, as QGIS would where it is a server elsewhere."""

from __future__ import annotations

from typing import Optional

from qgis.core import QgsApplication, QgsNetworkAccessManager

from . import protocol
from .endpoint import Endpoint
from .qt import QtCore, QtNetwork
from .translation import tr

Errors = QtNetwork.QNetworkReply.NetworkError
ADVICE = {
    Errors.ConnectionRefusedError: tr("nothing listens there; is 'geopix serve' running, and is the port right?"),
    Errors.HostNotFoundError: tr("its name is not known; check the address."),
    Errors.TimeoutError: tr("it did not answer in time; check the address, and firewalls on the way."),
    Errors.OperationCanceledError: tr("it did not answer in time; check the address, and firewalls on the way."),
    Errors.SslHandshakeFailedError: tr(
        "its certificate is not trusted, or it does not speak https. Add the certificate of "
        "its authority under Settings > Options > Authentication > Manage Certificates."
    ),
    Errors.RemoteHostClosedError: tr("it closed the connection; does it speak https rather than http?"),
}


def network(parent: QtCore.QObject) -> QtNetwork.QNetworkAccessManager:
    """What sends requests.

    Not QgsNetworkAccessManager: that one cancels after 60 s of silence, caches, and sends 127.0.0.1 to a proxy.
    """
    return QtNetwork.QNetworkAccessManager(parent)


def prepare(manager: QtNetwork.QNetworkAccessManager, endpoint: Endpoint, path: str) -> QtNetwork.QNetworkRequest:
    """A request that the model process accepts, and a manager that takes the right way to it.

    Args:
        manager: Will send it.
        endpoint: Where to.
        path: Such as ``/v1/ask``.
    """
    request = QtNetwork.QNetworkRequest(QtCore.QUrl(endpoint.address + path))
    request.setRawHeader(protocol.AUTH_HEADER.encode(), f"Bearer {endpoint.token}".encode())
    # A redirect would carry the token to another place.
    manager.setRedirectPolicy(QtNetwork.QNetworkRequest.RedirectPolicy.ManualRedirectPolicy)
    manager.setProxy(_proxy(request.url()) if endpoint.remote else _no_proxy())
    if endpoint.url.startswith("https://"):
        secured = QtNetwork.QSslConfiguration.defaultConfiguration()
        trusted = QgsApplication.authManager().trustedCaCertsCache()  # the analyst's own authorities are among them
        if trusted:
            secured.setCaCertificates(trusted)
        request.setSslConfiguration(secured)
    return request


def unreachable(endpoint: Endpoint, reply: QtNetwork.QNetworkReply) -> str:
    """Why a request reached no model process, with what to do."""
    why = ADVICE.get(reply.error(), f"{reply.errorString().rstrip('.')}.")
    return tr("The server {address} was not reached: {why}", address=endpoint.address, why=why)


def status_of(reply: Optional[QtNetwork.QNetworkReply]) -> int:
    """HTTP status of a reply, 0 while it is not known."""
    attribute = QtNetwork.QNetworkRequest.Attribute.HttpStatusCodeAttribute
    value = reply.attribute(attribute) if reply is not None else None
    return int(value) if value is not None else 0


def _no_proxy() -> QtNetwork.QNetworkProxy:
    return QtNetwork.QNetworkProxy(QtNetwork.QNetworkProxy.ProxyType.NoProxy)


def _proxy(url: QtCore.QUrl) -> QtNetwork.QNetworkProxy:
    """What QGIS goes through to an address, with the exceptions of its options."""
    factory = QgsNetworkAccessManager.instance().proxyFactory()
    found = factory.queryProxy(QtNetwork.QNetworkProxyQuery(url)) if factory is not None else []
    return found[0] if found else _no_proxy()
