"""Using a model process on another computer: its address and its token."""

from __future__ import annotations

from typing import Optional

from ..endpoint import Endpoint, server_url
from ..errors import BackendError
from ..health import HealthCheck
from ..qt import QtWidgets, Signal
from ..translation import tr
from ..vitals import Health
from .colours import show_note
from .naming import name_widgets

EXPLAINED = tr(
    "<p>Another computer of your network can do the work, such as one with a GPU. There, "
    "<code>geopix serve --host ADDRESS --port 8443</code> runs with a token.</p><p><b>The "
    "pixels that you ask about and your questions are sent to it.</b> The token is kept "
    "encrypted in QGIS's authentication manager.</p>"
)
PLAIN = tr(
    "This address is not encrypted: everybody on the way can read pixels, questions and the token. Prefer https."
)


class ServerDialog(QtWidgets.QDialog):
    """Address and token; they are tried before they are used.  Signal: ``chosen(url, token)``."""

    chosen = Signal(str, str)

    def __init__(self, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("GeoPix - use a server"))
        self.url, self.key = QtWidgets.QLineEdit(), QtWidgets.QLineEdit()
        self.url.setPlaceholderText("https://gpu-box:8443")
        self.key.setEchoMode(QtWidgets.QLineEdit.EchoMode.Password)
        self.warning, self.note = QtWidgets.QLabel(), QtWidgets.QLabel()
        self.use, self.close_button = QtWidgets.QPushButton(tr("Connect")), QtWidgets.QPushButton(tr("Close"))
        self.use.setDefault(True)
        self.close_button.setAutoDefault(False)
        self._check = HealthCheck(self)
        self._tried = Endpoint(0, "")
        name_widgets(
            (self, "geopixServerDialog", tr("Use a server"), ""),
            (self.url, "geopixServerUrl", tr("Address of the server"), tr("With its port")),
            (self.key, "geopixServerKey", tr("Token of the server"), tr("As it was given to 'geopix serve'")),
            (self.warning, "geopixServerWarning", tr("Warning"), ""),
            (self.note, "geopixServerNote", tr("Whether it can be used"), ""),
            (self.use, "geopixServerUse", tr("Connect"), tr("Try it, and use it from now on if it answers")),
            (self.close_button, "geopixServerClose", tr("Close"), tr("Change nothing")),
        )
        explained = QtWidgets.QLabel(EXPLAINED)
        for label in (explained, self.warning, self.note):
            label.setWordWrap(True)
        form = QtWidgets.QFormLayout()
        form.addRow(tr("Address"), self.url)
        form.addRow(tr("Token"), self.key)
        row = QtWidgets.QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.use)
        row.addWidget(self.close_button)
        column = QtWidgets.QVBoxLayout(self)
        column.addWidget(explained)
        column.addLayout(form)
        column.addWidget(self.warning)
        column.addWidget(self.note)
        column.addStretch(1)
        column.addLayout(row)
        self.resize(480, 300)
        self.url.textChanged.connect(self._typed)
        self.key.textChanged.connect(self._typed)
        self.use.clicked.connect(self._try)
        self.close_button.clicked.connect(self.close)
        self._check.well.connect(self._well)
        self._check.failed.connect(self._failed)
        self._typed()

    def close_down(self) -> None:
        """Ends a try that is under way."""
        self._check.cancel()

    def refuse(self, text: str) -> None:
        """Says why what was typed is not used."""
        show_note(self.note, text, warning=True)
        self.use.setEnabled(True)

    def _typed(self, *_changed: object) -> None:
        try:
            endpoint = Endpoint(0, self.key.text().strip(), server_url(self.url.text()))
        except BackendError:
            endpoint = Endpoint(0, "")
        show_note(self.warning, "" if endpoint.encrypted else PLAIN, warning=True)
        show_note(self.note, "", warning=False)
        self.use.setEnabled(bool(self.url.text().strip() and self.key.text().strip()))

    def _try(self) -> None:
        try:
            self._tried = Endpoint(0, self.key.text().strip(), server_url(self.url.text()))
        except BackendError as error:
            self.refuse(str(error))
            return
        self.use.setEnabled(False)
        show_note(self.note, tr("Asking it..."), warning=False)
        self._check.start(self._tried)

    def _well(self, health: Health) -> None:
        self.use.setEnabled(True)
        where = health.device_name or health.device
        show_note(
            self.note,
            tr(
                "It answers: GeoPix {version}, {model} on {where}.",
                version=health.version,
                model=health.model,
                where=where,
            ),
            warning=False,
        )
        self.chosen.emit(self._tried.url, self._tried.token)

    def _failed(self, text: str) -> None:
        self.refuse(text)
