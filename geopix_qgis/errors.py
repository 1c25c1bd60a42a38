"""Errors of the plugin that a user can act on; each message says what was found and what to do.

PluginError
|-- TileError      no pixels can be taken from this layer and area
|-- BackendError   the model process cannot be found or started
`-- LayerError     polygons cannot be added to a layer or written to a file
"""

from __future__ import annotations


class PluginError(Exception):
    """Root of all errors of the plugin that are meant for the user."""


class TileError(PluginError):
    """No pixels can be taken from this layer and area."""


class BackendError(PluginError):
    """The model process cannot be found or started."""


class LayerError(PluginError):
    """Polygons cannot be added to a layer or written to a file."""
