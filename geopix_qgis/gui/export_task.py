"""An export in the background, with the progress and the stop of QGIS's task manager."""

from __future__ import annotations

from typing import Optional

from qgis.core import QgsFeedback, QgsTask

from ..errors import PluginError
from ..export import Export, Written
from ..translation import tr


class ExportTask(QgsTask):
    """Runs an export.  ``taskCompleted`` or ``taskTerminated`` follows on the main thread.

    Attributes:
        written: What was written; None before the end and after a failure.
        problem: Why nothing was written, in words.
    """

    def __init__(self, export: Export, description: str) -> None:
        super().__init__(description, QgsTask.Flag.CanCancel)
        self.written: Optional[Written] = None
        self.problem = ""
        self._export, self._feedback = export, QgsFeedback()
        self._feedback.progressChanged.connect(self.setProgress)

    def run(self) -> bool:
        """Called by QGIS in another thread; an exception here would end QGIS."""
        try:
            self.written = self._export.run(self._feedback)
        except PluginError as error:
            self.problem = str(error)
        except Exception as error:
            self.problem = tr(
                "The export failed ({name}: {error}); nothing was written. Report this.",
                name=type(error).__name__,
                error=error,
            )
        return self.written is not None

    def cancel(self) -> None:
        """Stops soon; nothing is written."""
        self._feedback.cancel()
        super().cancel()
