"""Errors that a user can act on.  Every message gives the value found, what was expected and what to do.

GeoPixError
|-- ModelError
|   |-- CheckpointError      a model file is missing, truncated, or of another architecture
|   |-- UnknownModelError    no model of that name
|   |-- DeviceError          the asked device is not here
|   `-- FitError             the model does not fit the device, or not in the asked form
|-- PromptError              an empty, overlong or unreadable prompt
|-- DataError                training data that cannot be used
`-- GoldenError              a folder of recorded outputs is damaged, or none
(the backend adds its own below ``GeoPixError``: see ``geopix_backend.errors``)
"""

from __future__ import annotations


class GeoPixError(Exception):
    """Root of all errors meant for the user; ``code`` is a short stable word for machines."""

    code = "error"


class ModelError(GeoPixError):
    """The model cannot be used."""

    code = "model"


class CheckpointError(ModelError):
    """A model file is missing, truncated, or belongs to another architecture."""

    code = "checkpoint"


class UnknownModelError(ModelError):
    """No model has that name."""

    code = "unknown_model"


class DeviceError(ModelError):
    """The device that was asked for is not available."""

    code = "device"


class FitError(ModelError):
    """The model does not fit the memory of the device, or not in the form that was asked for."""

    code = "fit"


class PromptError(GeoPixError):
    """The prompt is empty, too long or not text."""

    code = "prompt"


class DataError(GeoPixError):
    """Training data are missing, damaged or of another form, or a run cannot go on with them."""

    code = "data"


class GoldenError(GeoPixError):
    """A folder of recorded outputs is damaged, or it is none."""

    code = "golden"
