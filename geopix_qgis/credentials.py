"""The token of a server, kept in QGIS's authentication manager: encrypted, behind the analyst's master password."""

from __future__ import annotations

from qgis.core import QgsApplication

from .errors import BackendError
from .translation import tr

PREFIX = "geopix/server/"  # then the address: a token is never sent to another server than the one it was typed for


def keep(url: str, said: str) -> None:
    """Stores the token of a server; QGIS asks for its master password where it was not given yet.

    Raises:
        BackendError: If it was not stored.
    """
    manager = QgsApplication.authManager()
    if manager.isDisabled() or not manager.storeAuthSetting(PREFIX + url, said, True):
        why = manager.disabledMessage() if manager.isDisabled() else tr("the master password was not given")
        raise BackendError(
            tr("The token was not stored in QGIS's authentication manager: {why}. Nothing was changed.", why=why)
        )


def recall(url: str) -> str:
    """The token of a server.

    Raises:
        BackendError: If there is none, or if it cannot be read.
    """
    manager = QgsApplication.authManager()
    found = "" if manager.isDisabled() else manager.authSetting(PREFIX + url, "", True)
    if not found:
        raise BackendError(
            tr(
                "The token of the server {url} cannot be read from QGIS's authentication manager (was "
                "its master password given? qgis_process reads it from the file that QGIS_AUTH_PASSWORD_FILE names). "
                "Open Use a server... and type it again.",
                url=url,
            )
        )
    return str(found)


def unlocked() -> bool:
    """Whether tokens can be read without asking for the master password."""
    manager = QgsApplication.authManager()
    return not manager.isDisabled() and manager.masterPasswordIsSet()


def forget(url: str) -> None:
    """Removes the token of a server."""
    manager = QgsApplication.authManager()
    if not manager.isDisabled():
        manager.removeAuthSetting(PREFIX + url)
