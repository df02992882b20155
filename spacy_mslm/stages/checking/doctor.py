"""`doctor`: what this machine has, what is missing, and the command that gets it.

Nothing is installed, nothing is asked of the network (unless `online`), and no model
pack is loaded.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from .check import MISSING, Check
from .inputs import DEMO_ENCODER, check_encoder, check_pack, is_hub_name
from .machine import check_cores, check_hub, check_precision
from .packages import check_packages


def doctor(
    encoder: str = "", medcat: str = "", *, online: bool = False
) -> Iterator[Check]:
    """Check what a run of the workflow needs.

    encoder (str): where the encoder comes from; "" means the demo's.
    medcat (str): a MedCAT model pack; "" means none.
    online (bool): where the encoder is a hub name, ask the hub, and fetch an encoder
        that is not yet on this machine.
    """
    yield from check_packages()
    yield check_cores()
    yield from check_precision()
    source = encoder or DEMO_ENCODER
    yield check_hub(online=online and is_hub_name(source))
    yield from check_encoder(source, online=online)
    if medcat:
        yield check_pack(Path(medcat))


def missing(checks: Iterable[Check]) -> list[Check]:
    """What the run needs and does not have."""
    return [check for check in checks if check.status == MISSING]
