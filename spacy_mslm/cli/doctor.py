"""`doctor`: is everything there?"""

from typing import Annotated

import typer

from . import app


@app.command("doctor")
def doctor_cli(
    encoder: Annotated[
        str, typer.Option(help="Hub name, folder or package:NAME/PATH; empty: demo's.")
    ] = "",
    medcat: Annotated[str, typer.Option(help="MedCAT model pack; empty: none.")] = "",
    online: Annotated[
        bool, typer.Option("--online", help="Ask the model hub, fetch the encoder.")
    ] = False,
) -> None:
    """Say what this machine has, what is missing and how to get it."""
    from ..stages.checking.doctor import doctor, missing

    checks = []
    for check in doctor(encoder, medcat, online=online):
        checks.append(check)
        print(f"{check.status:<8}{check.name}: {check.found}")
        if check.fix:
            print(f"{'':8}-> {check.fix}")
    lacking = missing(checks)
    if lacking:
        names = ", ".join(check.name for check in lacking)
        print(f"\nMissing or unfit: {names}")
        raise typer.Exit(1)
    print(f"\n{len(checks)} checks, nothing is missing")
