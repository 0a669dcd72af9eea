"""The account's own answers where a person left something unsaid."""

from agents.context import Defaults
from riskgate.contracts.derivatives import EXCHANGES as DERIVATIVE_EXCHANGES
from riskgate.contracts.instruments import InstrumentKind, InstrumentRef
from riskgate.contracts.orders import Product
from tools.ports import InstrumentDirectory


def usual_product(
    defaults: Defaults, directory: InstrumentDirectory, symbol: InstrumentRef
) -> Product:
    """Return the account's product for shares or for contracts."""
    # A contract may be one that the master learns of only when it is priced.
    row = directory.get(symbol)
    derivative = symbol.exchange in DERIVATIVE_EXCHANGES or (
        row is not None and row.kind is not InstrumentKind.EQUITY
    )
    return defaults.derivative_product if derivative else defaults.equity_product
