"""The guide, in a window of QGIS: it needs neither a browser nor the network."""

from __future__ import annotations

import re
from typing import Any, Optional

from ..qt import QtCore, QtGui, QtWidgets
from ..shipped import GUIDE_ONLINE, shipped
from ..translation import tr

SIZE = (820, 760)
PICTURE_PX = 760  # width at which pictures are shown


class HelpWindow(QtWidgets.QDialog):
    """Shows ``docs/guide.md``; links to the network open in the browser."""

    def __init__(self, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self.setObjectName("geopixHelp")
        self.setWindowTitle(tr("GeoPix: guide"))
        self.text = GuideText(self)
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.text)
        self.resize(*SIZE)


class GuideText(QtWidgets.QTextBrowser):
    """The text with its pictures, made narrow enough for the window."""

    def __init__(self, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self.setObjectName("geopixHelpText")
        self.setAccessibleName(tr("GeoPix: guide"))
        self.setOpenLinks(False)
        self.anchorClicked.connect(self.follow)
        guide = shipped("guide.md", "docs")
        self.setSearchPaths([str(guide.parent)])
        self.document().setMarkdown(guide.read_text("utf-8"))

    def loadResource(self, kind: int, name: QtCore.QUrl) -> Any:
        """Pictures, no wider than the window."""
        found = super().loadResource(kind, name)
        image = QtGui.QImage.fromData(found) if isinstance(found, QtCore.QByteArray) else found
        if isinstance(image, QtGui.QImage) and image.width() > PICTURE_PX:
            return image.scaledToWidth(PICTURE_PX, QtCore.Qt.TransformationMode.SmoothTransformation)
        return found

    def follow(self, link: QtCore.QUrl) -> None:
        """A click: headings are scrolled to, everything else opens in the browser."""
        if link.path() or link.host():
            QtGui.QDesktopServices.openUrl(QtCore.QUrl(GUIDE_ONLINE).resolved(link))
            return
        block = self.document().begin()
        while block.isValid():  # Qt gives the headings of Markdown no anchors
            if block.blockFormat().headingLevel() and slug(block.text()) == link.fragment():
                top = self.document().documentLayout().blockBoundingRect(block).top()
                self.verticalScrollBar().setValue(int(top))
                return
            block = block.next()


def slug(heading: str) -> str:
    """What a link to a heading is called: lower case, hyphens for spaces, no signs."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
