"""The command ``geopix``: what it offers, and the one place where it turns errors into an exit code.

Each command is a module that is imported when it is called, so that ``geopix --help`` does not wait for torch.
"""

from __future__ import annotations

import argparse
import importlib
import os
import re
import sys
from collections.abc import Sequence
from typing import NoReturn

from geopix_model.errors import GeoPixError

from .errors import UsageError

EXIT_BAD_INPUT = 2
EXIT_INTERRUPTED = 130
EXIT_PIPE_CLOSED = 141
COMMANDS = {
    "ask": ("cli_ask", "ask about a raster and get an answer with polygons"),
    "info": ("cli_info", "what a raster is and where it lies"),
    "models": ("cli_models", "the models that can be asked"),
    "doctor": ("doctor", "what is installed, on which device, and which models fit"),
    "serve": ("serve", "the model process that QGIS talks to"),
}
DELEGATED = {
    "train": ("geopix_model.train.cli", "train a model"),
    "calibrate": ("geopix_backend.calibration", "weigh what speaks for a region, on labelled images"),
    "evaluate": ("geopix_backend.evaluation", "measure a model on labelled images"),
}
_COORDINATES = {"--bbox", "--point"}


class Parser(argparse.ArgumentParser):
    """Raises ``UsageError`` where argparse would print its usage and exit."""

    def error(self, message: str) -> NoReturn:
        """One sentence instead of a page."""
        raise UsageError(f"{message[:1].upper()}{message[1:].rstrip('.')}; see '{self.prog} --help'.")


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit code: 0, 2 for input that cannot be used, 130 when interrupted."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    _never_fail_to_print()
    try:
        return _run(arguments)
    except GeoPixError as error:
        print(f"geopix: {' '.join(str(error).split())}", file=sys.stderr)
        return EXIT_BAD_INPUT
    except KeyboardInterrupt:
        print("geopix: Stopped.", file=sys.stderr)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has gone, as in `geopix ask ... | head`; Python would complain once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_PIPE_CLOSED


def _run(arguments: list[str]) -> int:
    if arguments and arguments[0] in DELEGATED:
        module, _ = DELEGATED[arguments[0]]
        return int(importlib.import_module(module).main(arguments[1:]) or 0)
    command = next((word for word in arguments if not word.startswith("-")), None)
    parsed = _parser(command).parse_args(join_coordinates(arguments))
    if not parsed.command:
        _parser(None).print_help()
        return EXIT_BAD_INPUT
    return int(parsed.run(parsed))


def _parser(command: str | None) -> Parser:
    """The parser with the options of the one command that is called."""
    parser = Parser(prog="geopix", description="Chat about a raster; get georeferenced polygons.")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name, (module, text) in COMMANDS.items():
        own = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
        if name == command:
            implementation = importlib.import_module(f".{module}", __package__)
            implementation.add_options(own)
            own.set_defaults(run=implementation.run)
    for name, (_, text) in DELEGATED.items():
        commands.add_parser(name, help=text, add_help=False)
    return parser


def join_coordinates(arguments: Sequence[str]) -> list[str]:
    """``--bbox -1,2,3,4`` as ``--bbox=-1,2,3,4``: argparse would take the negative number for an option."""
    joined: list[str] = []
    for word in arguments:
        if joined and joined[-1] in _COORDINATES and re.match(r"-[\d.]", word):
            joined[-1] += f"={word}"
        else:
            joined.append(word)
    return joined


def _never_fail_to_print() -> None:
    """A terminal that cannot show "m²" gets "m?" instead of an error."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


if __name__ == "__main__":
    sys.exit(main())
