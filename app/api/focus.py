"""What a person chose in the page, as the instrument it is."""

from typing import Final

from app.api.services import Services
from riskgate.contracts.instruments import InstrumentRef

CONTEXT_MAX: Final = 60


def chosen_instrument(running: Services, symbol: str | None) -> InstrumentRef | None:
    """Return the instrument that a symbol is exactly, None for anything that is not one."""
    if symbol is None:
        return None
    found = running.directory.resolve(symbol).instrument
    return None if found is None else found.ref
