"""`notes`: look at a source of notes, or make one."""

import typer

from . import app

notes_app = typer.Typer(
    name="notes", help="Look at notes, or make synthetic ones.", no_args_is_help=True
)
app.add_typer(notes_app, name="notes")


@notes_app.callback()
def notes_group() -> None:
    """Look at notes, or make synthetic ones."""
