"""Opening rasters with errors that a user can act on, and choosing which bands make the picture."""

from __future__ import annotations

import os
import stat
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

import numpy as np
import rasterio
from rasterio.enums import ColorInterp
from rasterio.errors import NotGeoreferencedWarning, RasterioError

from .errors import RasterError

# GDAL by itself fills what is missing of a truncated JPEG with grey and only logs it.
# Its cache of decoded blocks would take a twentieth of the machine's memory; reading goes from place to place, so that
# blocks of one place are enough.
GDAL_OPTIONS = {"GDAL_ERROR_ON_LIBJPEG_WARNING": "YES", "GDAL_CACHEMAX": 64 * 2**20}
# A server is asked for the parts of one file, not for what lies beside it, and not forever.
REMOTE_OPTIONS = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_HTTP_CONNECTTIMEOUT": 10,
    "GDAL_HTTP_TIMEOUT": 60,
    "GDAL_HTTP_MAX_RETRY": 2,
    "GDAL_HTTP_RETRY_DELAY": 0.5,
}
REMOTE = ("http://", "https://", "ftp://", "/vsicurl", "/vsis3", "/vsigs", "/vsiaz", "s3://", "gs://", "az://")
GZIP = b"\x1f\x8b"
RGB = (ColorInterp.red, ColorInterp.green, ColorInterp.blue)
State = tuple[int, int, int]
Opener = Callable[["str | Path"], AbstractContextManager[rasterio.DatasetReader]]
P = ParamSpec("P")
T = TypeVar("T")


@contextmanager
def open_raster(path: str | Path) -> Iterator[rasterio.DatasetReader]:
    """An open raster, read-only; nothing is ever written beside it.

    Raises:
        RasterError: If it cannot be opened, has no bands or complex numbers, or a read inside the block fails.
    """
    with _reading(str(path)), _opened(str(path)) as dataset:
        yield dataset


def once(
    find: Callable[Concatenate[rasterio.DatasetReader, P], T],
) -> Callable[Concatenate[rasterio.DatasetReader, P], T]:
    """A function whose answer about a dataset is kept for as long as that is open: a file that has changed is opened
    anew, and asked anew.
    """
    known: WeakKeyDictionary[rasterio.DatasetReader, dict[object, T]] = WeakKeyDictionary()

    @wraps(find)
    def found(dataset: rasterio.DatasetReader, *args: P.args, **kwargs: P.kwargs) -> T:
        answers, key = known.setdefault(dataset, {}), (args, *kwargs.items())
        if key not in answers:
            answers[key] = find(dataset, *args, **kwargs)
        return answers[key]

    return found


class KeptOpen:
    """Opens rasters as ``open_raster`` does, and keeps the last file open: the next question about it finds decoded
    blocks in GDAL's cache.  For one thread.
    """

    def __init__(self) -> None:
        self._path = ""
        self._state: State | None = None
        self._dataset: rasterio.DatasetReader | None = None

    @contextmanager
    def __call__(self, path: str | Path) -> Iterator[rasterio.DatasetReader]:
        """See ``open_raster``.  A file that has changed since is opened anew."""
        name, state = str(path), state_of(path)
        with _reading(name):
            if self._dataset is None or state is None or (name, state) != (self._path, self._state):
                self.close()
                self._dataset, self._path, self._state = _opened(name), name, state
            try:
                yield self._dataset
            except BaseException:
                self.close()  # whatever went wrong, the next question begins anew
                raise
            if os.name != "posix":  # elsewhere an open file can be neither replaced nor removed
                self.close()

    def close(self) -> None:
        """Lets the file go."""
        dataset, self._dataset = self._dataset, None
        if dataset is not None:
            dataset.close()


def state_of(path: str | Path) -> State | None:
    """What changes with the content of a file; None for what is no file of this machine."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return (found.st_mtime_ns, found.st_size, found.st_ino) if stat.S_ISREG(found.st_mode) else None


@contextmanager
def _reading(name: str) -> Iterator[None]:
    """GDAL's options, and its errors as ours."""
    with rasterio.Env(**GDAL_OPTIONS, **(REMOTE_OPTIONS if is_remote(name) else {})):
        try:
            yield
        except RasterioError as error:
            raise _damaged(name) from error


def _opened(name: str) -> rasterio.DatasetReader:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            dataset = rasterio.open(name)
    except (RasterioError, OSError, ValueError) as error:
        raise RasterError(_why_not_opened(name, error)) from error
    try:
        _refuse(dataset, short_name(name))
        if os.path.isfile(name) and _is_cut_short(dataset, name):
            raise _damaged(name)
    except BaseException:
        dataset.close()
        raise
    return dataset


def short_name(path: str | Path) -> str:
    """What to call a raster in messages: the file name."""
    return os.path.basename(os.path.normpath(str(path))) or str(path)


def is_remote(name: str) -> bool:
    """Whether a raster is read through a network."""
    return name.startswith(REMOTE)


def _damaged(name: str) -> RasterError:
    if is_remote(name):
        return RasterError(
            f"{short_name(name)} cannot be read to its end: the connection broke off, or the server does not hand out "
            "parts of files (range requests), or the file is damaged; try again, or download it."
        )
    return RasterError(
        f"{short_name(name)} cannot be read to its end, so it is truncated or damaged; copy or download it again."
    )


def _is_cut_short(dataset: rasterio.DatasetReader, name: str) -> bool:
    """Whether a file of a format that GDAL reads without an error after its end is shorter than it should be."""
    if dataset.driver == "PNG":
        return not _png_is_whole(name)
    if dataset.driver != "ENVI":
        return False
    with open(name, "rb") as file:
        compressed = file.read(2) == GZIP
    pixels = dataset.width * dataset.height * dataset.count
    return not compressed and os.path.getsize(name) < pixels * np.dtype(dataset.dtypes[0]).itemsize


def _png_is_whole(name: str) -> bool:
    """Whether a PNG has its end chunk; GDAL 3.10 reads noise from a truncated one."""
    size = os.path.getsize(name)
    with open(name, "rb") as file:
        file.seek(8)
        while len(head := file.read(8)) == 8:
            if head[4:] == b"IEND":
                return True
            file.seek(int.from_bytes(head[:4], "big") + 4, os.SEEK_CUR)
            if file.tell() > size:
                return False
    return False


def _why_not_opened(name: str, error: Exception) -> str:
    """One sentence on why GDAL does not open ``name``."""
    if is_remote(name):
        said = " ".join(str(error).split())[:200].rstrip(".")
        return (
            f"The raster {short_name(name)} cannot be reached or read over the network ({said}); check the address and "
            "that the server hands out parts of files (range requests), or download it."
        )
    if not name.strip() or "\0" in name:
        return "The raster's path is empty; give the path of a raster file."
    if not os.path.exists(name):
        return f"There is no raster at {name}; check the path."
    if os.path.isdir(name):
        return f"{name} is a folder without a raster in it that GDAL knows; give a raster file."
    if not os.access(name, os.R_OK):
        return f"{name} may not be read by this user; change its permissions or copy it."
    if os.path.getsize(name) == 0:
        return f"{short_name(name)} is empty (0 bytes); copy or download it again."
    return f"{short_name(name)} is not a raster that GDAL can open, or it is damaged; convert or copy it again."


def _refuse(dataset: rasterio.DatasetReader, name: str) -> None:
    """Refuses rasters without pixels or with pixels that are no picture."""
    if dataset.count == 0 and dataset.subdatasets:
        raise RasterError(
            f"{name} holds {len(dataset.subdatasets)} rasters and none itself; name one of them, "
            f"such as {dataset.subdatasets[0]}."
        )
    if dataset.count == 0 or dataset.width < 1 or dataset.height < 1:
        raise RasterError(f"{name} holds no pixels; expected a raster with at least one band.")
    if "complex" in dataset.dtypes[0]:
        raise RasterError(
            f"{name} holds complex numbers ({dataset.dtypes[0]}); convert them to amplitude first, "
            "for example with gdal_calc."
        )


def choose_bands(
    dataset: rasterio.DatasetReader, bands: tuple[int, int, int] | None
) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Numbers from 1 of the bands that make the picture, one (grey) or three (red, green, blue), and warnings.

    Raises:
        RasterError: If ``bands`` are not three bands of the raster.
    """
    if bands is not None:
        if (
            not isinstance(bands, (tuple, list))
            or len(bands) != 3
            or not all(isinstance(b, int) and 1 <= b <= dataset.count for b in bands)
        ):
            raise RasterError(f"Bands {tuple(bands)} were asked for; give three numbers from 1 to {dataset.count}.")
        return tuple(bands), ()
    colours = dataset.colorinterp
    if all(colour in colours for colour in RGB):
        return tuple(colours.index(colour) + 1 for colour in RGB), ()
    pictures = [i for i, colour in enumerate(colours, 1) if colour != ColorInterp.alpha]
    if not pictures:
        raise RasterError("The raster has only an alpha band, so there is nothing to see; add its colour bands.")
    if len(pictures) < 3:
        return tuple(pictures[:1]), ()
    chosen = tuple(pictures[:3])
    names = ", ".join(map(str, chosen))
    return chosen, (f"The raster does not say which bands are red, green, blue; {names} of {dataset.count} are shown.",)
