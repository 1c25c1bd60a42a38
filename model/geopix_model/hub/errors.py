"""What can go wrong between a hub and this machine.

ModelError
`-- InstallError             a published model cannot be brought here, or is not what it was
    |-- NotInstalledError    its files are not on this machine
    |-- UnreachableError     the hub does not answer, or the connection breaks again and again
    |-- RefusedError         the hub wants a token, or does not give this repository to the one that was sent
    |-- NotOnHubError        the hub has no such repository, revision or file
    |-- DamagedError         bytes differ from what was published
    |-- IncompleteError      files are missing
    `-- DiskSpaceError       the disk is too small
"""

from __future__ import annotations

from ..errors import ModelError


class InstallError(ModelError):
    """A published model cannot be brought here, or is not what it was."""

    code = "install"


class NotInstalledError(InstallError):
    """The files of a model are not on this machine."""

    code = "not_installed"


class UnreachableError(InstallError):
    """The hub does not answer, or the connection breaks again and again."""

    code = "unreachable"


class RefusedError(InstallError):
    """The hub wants a token, or does not give this repository to the one that was sent."""

    code = "refused"


class NotOnHubError(InstallError):
    """The hub has no such repository, revision or file."""

    code = "not_on_hub"


class DamagedError(InstallError):
    """Bytes differ from what was published."""

    code = "damaged"


class IncompleteError(InstallError):
    """Files of a model are missing."""

    code = "incomplete"


class DiskSpaceError(InstallError):
    """The disk is too small."""

    code = "disk_space"
