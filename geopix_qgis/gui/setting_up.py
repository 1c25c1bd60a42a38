"""From the card of the dock to the windows that set up the model process, and back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Optional

from qgis.core import Qgis

from .. import credentials, settings
from ..backend_process import find_python
from ..conversation import Conversation
from ..errors import BackendError
from ..process_home import process_home, remove_unused
from ..qt import QtCore, QtWidgets
from ..translation import tr
from .server_dialog import ServerDialog
from .setup_card import SetupCard
from .setup_dialog import SetupDialog


class SettingUp(QtCore.QObject):
    """Sets up the model process.

    Args:
        card: In the dock.
        conversation: Whose process it is.
        say: Shows a message of a level.
        parent: Of the windows.

    Attributes:
        setup, server: The windows, None until they are wanted.
    """

    def __init__(
        self, card: SetupCard, conversation: Conversation, say: Callable[[str, Any], None], parent: QtWidgets.QWidget
    ) -> None:
        super().__init__(parent)
        self._card, self._talk, self._say, self._window = card, conversation, say, parent
        self.setup: Optional[SetupDialog] = None
        self.server: Optional[ServerDialog] = None
        card.setup_wanted.connect(self.show_setup)
        card.server_wanted.connect(self.show_server)
        card.python_chosen.connect(self.use_python)
        conversation.python_missing.connect(card.show_problem)

    def check(self) -> None:
        """Shows the card where there is no model process to start, before anything is asked."""
        choices = settings.load()
        if choices.server_url:
            return
        try:
            find_python(choices.backend_python)
        except BackendError as error:
            self._card.show_problem(str(error))
        else:
            self._card.hide()

    def show_setup(self) -> None:
        """The window that installs the model process."""
        if self.setup is None:
            self.setup = SetupDialog(process_home(), parent=self._window)
            self.setup.installed.connect(self._installed)
        self.setup.show()
        self.setup.raise_()
        self.setup.look()

    def show_server(self) -> None:
        """The window that asks for a server."""
        if self.server is None:
            self.server = ServerDialog(self._window)
            self.server.chosen.connect(self._use_server)
        self.server.url.setText(settings.load().server_url)
        self.server.show()
        self.server.raise_()

    def use_python(self, path: str) -> None:
        """A process of this machine, with a Python or, if "", the one that is found."""
        settings.save(replace(settings.load(), backend_python=path, server_url=""))
        self._restart()

    def close_down(self) -> None:
        """Ends what the windows are doing."""
        for window in (self.setup, self.server):
            if window is not None:
                window.close_down()
                window.close()

    def _installed(self) -> None:
        self.use_python("")
        remove_unused(process_home())
        self._say(tr("The model process is installed. Type a question."), Qgis.MessageLevel.Success)

    def _use_server(self, url: str, said: str) -> None:
        try:
            credentials.keep(url, said)
        except BackendError as error:
            if self.server is not None:
                self.server.refuse(str(error))
            return
        settings.save(replace(settings.load(), server_url=url))
        self._restart()
        self._say(tr("Questions and their pixels now go to {url}.", url=url), Qgis.MessageLevel.Info)

    def _restart(self) -> None:
        self._card.hide()
        self._talk.stop()
        self._talk.process.stop()
        self._talk.warm_up()
