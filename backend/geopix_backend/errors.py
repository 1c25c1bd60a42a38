"""Errors of the backend that a user can act on, below the one root of the project.

GeoPixError
|-- RasterError        a raster is missing, damaged, or of a kind that cannot be shown to a model
|-- ExtentError        a box, tile address, point or window does not name pixels of the raster
|-- ExportError        the polygons cannot be written where they should go
|   `-- ExportStoppedError  writing was cancelled
|-- JournalError       what was found of a large raster cannot be kept or read again
|-- UsageError         the command line cannot be read
`-- ServerError        the model process cannot take the question
    |-- TokenError     the request carries no token or a wrong one
    |-- RequestError   the request is not one of this version
    |-- SharedError    the pixels are not where the request says
    |-- TooLargeError  the request holds more pixels than the process takes
    |-- BusyError      too many questions wait already
    |-- PortError      the port is taken
    `-- ServeError     the server may not or cannot be started like this
"""

from __future__ import annotations

from geopix_model.errors import GeoPixError


class RasterError(GeoPixError):
    """A raster is missing, damaged, or of a kind that cannot be shown to a model."""

    code = "raster"


class ExtentError(GeoPixError):
    """A box, tile address, point or window does not name pixels of the raster."""

    code = "extent"


class ExportError(GeoPixError):
    """The polygons cannot be written where they should go."""

    code = "export"


class ExportStoppedError(ExportError):
    """Writing was cancelled."""


class JournalError(GeoPixError):
    """What was found of a large raster cannot be kept or read again."""

    code = "journal"


class UsageError(GeoPixError):
    """The command line cannot be read."""

    code = "usage"


class ServerError(GeoPixError):
    """The model process cannot take the question."""

    code = "server"


class TokenError(ServerError):
    """The request carries no token or a wrong one."""

    code = "token"


class RequestError(ServerError):
    """The request is not one of this version."""

    code = "request"


class SharedError(ServerError):
    """The pixels are not where the request says."""

    code = "shared"


class TooLargeError(ServerError):
    """The request holds more pixels than the process takes."""

    code = "too_large"


class BusyError(ServerError):
    """Too many questions wait already."""

    code = "busy"


class PortError(ServerError):
    """The port is taken."""

    code = "port"


class ServeError(ServerError):
    """The server may not or cannot be started like this."""

    code = "serve"
