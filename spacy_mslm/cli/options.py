"""Options that several commands have."""

import typer

ENGINE = typer.Option(
    help="process (here), processes, or ray; by default what the next three ask for."
)
PROCESSES = typer.Option(help="Workers of the engine; 2 where it is not said.")
ADDRESS = typer.Option(help="A running Ray to use; without it ray starts its own.")
NOTE_TIMEOUT = typer.Option(
    help="Seconds after which a note is given up and listed; 0 waits for ever."
)
COLUMNS = typer.Option(help="Columns by part: 'text=NOTE_TEXT,patient=MRN'.")
