"""``geopix ask``: one question about a raster, answered in this process."""

from __future__ import annotations

import argparse
import math
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from geopix_qgis.protocol import TASKS

from .cli_output import JsonOutput, Output, TextOutput
from .errors import ExportError, UsageError
from .models import PRECISION_HELP, PRECISIONS
from .question import Question

PixelWindow = tuple[int, int, int, int]


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("raster", metavar="RASTER", help="a file that GDAL opens")
    parser.add_argument("prompt", metavar="PROMPT", help="such as 'segment all buildings'")
    parser.add_argument(
        "-o", "--output", metavar="OUT", type=Path, help="polygons as .gpkg, .shp, .geojson, .fgb or .parquet"
    )
    area = parser.add_mutually_exclusive_group()
    area.add_argument("--bbox", type=numbers(4), metavar="X0,Y0,X1,Y1", help="only this box")
    area.add_argument("--tile", metavar="Z/X/Y", help="only this tile of the web map scheme")
    area.add_argument("--point", type=numbers(2), metavar="LON,LAT", help="only a square around this point")
    parser.add_argument("--bbox-crs", metavar="CRS", help="CRS of the box, such as EPSG:4326 (default: the raster's)")
    parser.add_argument("--size-m", type=_size, default=500.0, metavar="M", help="side of the square (default 500)")
    parser.add_argument("--bands", type=_bands, metavar="R,G,B", help="band numbers shown as red, green, blue")
    parser.add_argument("--task", choices=TASKS, default="auto", help="what is wanted (default: as the words say)")
    parser.add_argument("--model", default="nano", help="see 'geopix models' (default nano)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:0 (default auto)")
    parser.add_argument("--precision", default="auto", choices=PRECISIONS, metavar="FORM", help=PRECISION_HELP)
    parser.add_argument("--min-score", type=float, default=0.5, help="drop regions below this score (default 0.5)")
    parser.add_argument("--min-area-m2", type=_area, default=0.0, metavar="M2", help="drop regions below this area")
    parser.add_argument("--right-angles", action="store_true", help="square the outlines of what was built")
    parser.add_argument("--json", action="store_true", help="print events, one JSON object a line")
    parser.add_argument("--overlay", metavar="PNG", type=Path, help="also draw the regions on the picture")
    parser.add_argument("--overwrite", action="store_true", help="replace files that exist")


def run(args: argparse.Namespace) -> int:
    """Asks, prints and writes; everything that can be refused is refused before the model is loaded.

    Raises:
        GeoPixError: If the input cannot be used or the result cannot be written.
    """
    question = Question(
        args.prompt,
        min_score=args.min_score,
        min_area_m2=args.min_area_m2,
        right_angles=args.right_angles,
        task=args.task,
    )
    window, has_crs = _part(args)
    question.check_ground(has_crs)
    _check_targets(args, has_crs)
    output: Output = JsonOutput() if args.json else TextOutput()

    from .engine import Engine
    from .kept import Kept
    from .models import load
    from .plan import gsd_range_of, windows_of
    from .raster_scene import Scene, open_raster_at

    output.busy("Loading the model")
    predictor = load(args.model, args.device, args.precision)
    gsd_range_m = gsd_range_of(predictor, question)
    sizes = windows_of(predictor)
    tile = open_raster_at(args.raster, window=window, bands=args.bands, gsd_range_m=gsd_range_m, windows=sizes)
    if isinstance(tile, Scene) and args.overlay:
        raise ExportError("The raster is too large for an overlay; ask about a part of it, or leave --overlay out.")
    kept = Kept.of(tile, question, predictor, args.output, overwrite=args.overwrite)
    with _interruptible() as interrupted:
        for event in Engine(predictor).ask(tile, question, interrupted, kept.journal):
            output.show(event)
            kept.take(event)
    output.summary(abs(tile.transform.determinant))
    if args.output:
        kept.write(args.output, tile.crs, overwrite=args.overwrite)
        output.wrote(args.output)
    if args.overlay and not isinstance(tile, Scene):
        from .overlay import write_overlay

        write_overlay(args.overlay, tile, kept.regions)
        output.wrote(args.overlay)
    if kept.stopped and isinstance(tile, Scene):
        print("geopix: What was looked at is kept; the same command goes on from there.", file=sys.stderr)
    return 128 + signal.SIGINT if kept.stopped else 0


def _check_targets(args: argparse.Namespace, has_crs: bool) -> None:
    """Refuses what cannot be written before a minute of work is lost."""
    if args.output:
        from . import export, journal

        going_on = journal.beside(args.output).exists()  # then what lies there is a part of this very answer
        export.check_target(args.output, args.overwrite or going_on, has_crs=has_crs)
    if args.overlay:
        path: Path = args.overlay
        if path.suffix.lower() != ".png":
            raise ExportError(f"The overlay {path.name!r} is written as PNG; give it a name that ends in .png.")
        if not path.parent.is_dir():
            raise ExportError(f"The folder {str(path.parent)!r} of the overlay does not exist; create it first.")
        if path.exists() and not args.overwrite:
            raise ExportError(f"The overlay {path.name!r} exists already; use --overwrite or another name.")


def _part(args: argparse.Namespace) -> tuple[PixelWindow | None, bool]:
    """The part of the raster that is asked about, None for the whole; and whether the raster has a CRS.

    Raises:
        RasterError: If the raster cannot be opened.
        ExtentError: If the part is not in the raster.
    """
    from . import extent
    from .raster import describe

    if args.bbox_crs and not args.bbox:
        raise UsageError("--bbox-crs was given without --bbox; give both, or neither.")
    has_crs, window = describe(args.raster).crs is not None, None
    if args.bbox:
        window = extent.window_for_bbox(args.raster, args.bbox, args.bbox_crs)
    elif args.tile is not None:
        window = extent.window_for_tile(args.raster, args.tile)
    elif args.point:
        lon, lat = args.point
        window = extent.window_for_point(args.raster, lon, lat, args.size_m)
    return window, has_crs


@contextmanager
def _interruptible() -> Iterator[Callable[[], bool]]:
    """Makes Ctrl-C end the answer with what was found so far; a second Ctrl-C ends the command."""
    pressed = False

    def press(number: int, frame: FrameType | None) -> None:
        nonlocal pressed
        pressed = True
        signal.signal(signal.SIGINT, signal.default_int_handler)
        print("\nStopping; press Ctrl-C again to give up.", file=sys.stderr)

    try:
        before = signal.signal(signal.SIGINT, press)
    except ValueError:  # not in the main thread, where nobody can press Ctrl-C
        yield lambda: False
        return
    try:
        yield lambda: pressed
    finally:
        signal.signal(signal.SIGINT, before)


def numbers(count: int) -> Callable[[str], tuple[float, ...]]:
    """A parser of ``count`` finite numbers with commas between them."""

    def parse(text: str) -> tuple[float, ...]:
        try:
            values = tuple(float(word) for word in text.split(","))
        except ValueError:
            values = ()
        if len(values) != count or not all(map(math.isfinite, values)):
            raise argparse.ArgumentTypeError(f"{text!r} is not {count} numbers with commas between them")
        return values

    return parse


def _size(text: str) -> float:
    (value,) = numbers(1)(text)
    if value <= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a length above 0")
    return value


def _area(text: str) -> float:
    (value,) = numbers(1)(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not an area of 0 or more")
    return value


def _bands(text: str) -> tuple[int, int, int]:
    try:
        red, green, blue = (int(word) for word in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not three band numbers such as 4,3,2") from None
    return red, green, blue
