"""`verify`: install the built pipeline, use it from another folder, sum up."""

import json
from pathlib import Path
from typing import Annotated

import typer

from . import app


@app.command("verify")
def verify_cli(
    work: Annotated[Path, typer.Argument(help="Work folder of the project.")],
    name: Annotated[str, typer.Option(help="Package, such as en_mslm_demo.")],
    out: Annotated[Path, typer.Option("--out", help="JSON file to write.")],
) -> None:
    """Install and run the package offline, then show scores, page and next command."""
    from ..scoring.table import metrics_table
    from ..stages.shipping.package import CONSTRAINTS
    from ..stages.shipping.verify import verify

    result = verify(work / "packages", name, out)
    print(metrics_table(json.loads((work / "metrics.json").read_text("utf8"))))
    print(f"\n{name} {result['version']} loads from another folder and runs offline.")
    print(f"Report page:        {work / 'report' / 'index.html'}")
    packages = work / "packages"
    exact = packages / CONSTRAINTS
    pinned = f"-c {exact} " if exact.is_file() else ""
    print(f"Install elsewhere:  pip install {pinned}--find-links {packages} {name}")
