"""The command line: `python -m spacy_mslm`, one thin file a command."""

import importlib
import pkgutil
import sys

import typer

from ..errors import MslmError

app = typer.Typer(
    name="spacy-mslm",
    help="From clinical notes and a terminology to a named-entity pipeline.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def register_commands() -> typer.Typer:
    """Import every file beside this one; each registers its command on `app`."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return app


def main() -> None:
    """Run the command line; a coded error is one line on stderr and exit status 1."""
    try:
        register_commands()()
    except MslmError as err:
        print(err, file=sys.stderr)
        sys.exit(1)
