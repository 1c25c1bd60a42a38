"""Where an export goes: what stands in its way, and moving the complete files to their place."""

from __future__ import annotations

import os
from pathlib import Path

from osgeo import gdal
from qgis.core import QgsProject, QgsProviderRegistry

from .errors import LayerError
from .export_formats import Format, of_suffix
from .translation import tr

STYLES = "layer_styles"  # a table of QGIS in a GeoPackage, no layer of anybody


def check_target(path: Path, form: Format, overwrite: bool) -> None:
    """Refuses a file that could not be written; to be called before any work is done for it.

    Raises:
        LayerError: If the suffix is another format's, the folder is missing or not writable, the file is open in this
            project, or it exists and may not be replaced.
    """
    if path.suffix.lower() not in form.suffixes:
        known = of_suffix(path)
        meaning = tr("means {known}", known=known.label) if known else tr("is unknown")
        raise LayerError(
            tr(
                "The file type {suffix} of {file} {meaning}; {form} wants {suffix2}.",
                suffix=path.suffix or tr("(none)"),
                file=path.name,
                meaning=meaning,
                form=form.label,
                suffix2=form.suffix,
            )
        )
    if not path.parent.is_dir():
        raise LayerError(tr("The folder {parent} does not exist. Create it or choose another one.", parent=path.parent))
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise LayerError(tr("The folder {parent} is not writable. Choose another one.", parent=path.parent))
    if path.is_dir():
        raise LayerError(tr("{path} cannot be written: it is a folder. Choose another name.", path=path))
    if name := open_as(path):
        raise LayerError(
            tr(
                "{file} is open in this project as {name}. Remove that layer or choose another name.",
                file=path.name,
                name=name,
            )
        )
    if path.with_name(path.name + "-wal").exists():
        raise LayerError(
            tr("{file} is open in another program. Close it there or choose another name.", file=path.name)
        )
    there = existing(path, form)
    if there and not overwrite:
        raise LayerError(tr("{there} exists already. Allow replacing it, or choose another name.", there=there[-1]))


def existing(path: Path, form: Format) -> list[Path]:
    """Files that an export to ``path`` would replace or remove, the main one last."""
    return [part for part in form.files(path) if part.is_file()]


def layers_in(path: Path) -> int:
    """How many layers an existing file holds, all of which would be replaced; 0 where it cannot be read."""
    dataset = gdal.OpenEx(str(path), gdal.OF_VECTOR | gdal.OF_READONLY) if path.is_file() else None
    if dataset is None:
        return 0
    names = [dataset.GetLayer(number).GetName() for number in range(dataset.GetLayerCount())]
    return len([name for name in names if name != STYLES])


def open_as(path: Path) -> str:
    """Name of the project's layer that reads a file; empty where none does."""
    registry = QgsProviderRegistry.instance()
    for layer in QgsProject.instance().mapLayers().values():
        read = registry.decodeUri(layer.providerType(), layer.source()).get("path", "")
        if read and os.path.normcase(os.path.abspath(read)) == os.path.normcase(os.path.abspath(path)):
            return str(layer.name())
    return ""


def move_all(form: Format, made: Path, path: Path, overwrite: bool) -> None:
    """Moves complete files to their place; where one cannot be moved, all old ones come back.

    Args:
        form: Which files belong together.
        made: The new main file, in a folder of its own on the same disk.
        path: Where it is to go.
        overwrite: Whether old files may be replaced.

    Raises:
        OSError: If a file cannot be moved, as when another program has it open.
        LayerError: If a file appeared while the new one was written, and may not be replaced.
    """
    old = existing(path, form)
    if old and not overwrite:
        raise LayerError(tr("{old} appeared in the meantime. Choose another name.", old=old[-1]))
    kept = made.parent / "old"
    kept.mkdir()
    undo: list[tuple[Path, Path]] = []
    try:
        for part in old:
            os.replace(part, kept / part.name)
            undo.append((kept / part.name, part))
        for source in sorted(made.parent.glob("*"), key=lambda part: part == made):
            if source != kept:
                os.replace(source, path.parent / source.name)
                undo.append((path.parent / source.name, source))
    except OSError:
        for now, before in reversed(undo):
            os.replace(now, before)
        raise
