"""Everything a verdict on a plan depends on, as one value that can be stored and judged again."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from riskgate.contracts.base import Contract, Identifier, Number, Positive, Price, UtcTime
from riskgate.contracts.decisions import KillSwitchLevel
from riskgate.contracts.instruments import Currency, Instrument, InstrumentRef, Tradingsymbol
from riskgate.contracts.orders import OrderTerms, Product, Side
from riskgate.contracts.plans import TradePlan
from riskgate.contracts.snapshots import BrokerSnapshot, LedgerSnapshot, Quote


class MessageKind(StrEnum):
    """What goes to a broker and counts in its rate."""

    ORDER = "ORDER"
    MODIFY = "MODIFY"
    CANCEL = "CANCEL"


class SentMessage(Contract):
    """One message that went to the broker; the terms are an order's.

    An order without a quantity counts in the rates and repeats nothing: the broker refused it.
    """

    at: UtcTime
    kind: MessageKind = MessageKind.ORDER
    strategy_id: Identifier
    instrument: InstrumentRef
    side: Side | None = None
    product: Product | None = None
    quantity: Positive | None = None
    limit_price: Price | None = None
    trigger_price: Price | None = None


class Sent(Contract):
    """What went to the broker lately: the last minute and the duplicate window, and the day."""

    messages: tuple[SentMessage, ...] = ()
    orders_today: Annotated[int, Field(ge=0)] = 0


class EquityHistory(Contract):
    """The account's equity at the start of the periods that losses are counted in."""

    week_start: Number | None = None
    month_start: Number | None = None
    peak: Number | None = None
    month_spent: bool = False


class Classification(Contract):
    """Where an instrument belongs: its sector, and what its contracts are on."""

    instrument: InstrumentRef
    sector: Annotated[str, Field(max_length=100)] = ""
    underlying: Tradingsymbol | None = None


class FxRate(Contract):
    """How much of the account's currency one unit of another costs."""

    currency: Currency
    rate: Positive


class GateInput(Contract):
    """Everything a verdict depends on, as it was when the verdict was asked for.

    `quotes` covers the plan, every held symbol and every symbol with an order in flight.
    `reserved` is what is open of our own orders, approved or sent, that the snapshot does not
    show yet, without this plan's own. `market_open` None means unknown, which denies; simulated
    markets pass True. `instruments` are the master's rows of held derivatives, whose value cannot
    be known without them. `sent` None and `history` None are not known.
    """

    plan: TradePlan
    strategy_id: Identifier = "manual"
    broker: BrokerSnapshot | None
    ledger: LedgerSnapshot | None
    quotes: tuple[Quote, ...]
    as_of: UtcTime
    kill_switch: KillSwitchLevel
    reserved: tuple[OrderTerms, ...] = ()
    market_open: bool | None
    closes_at: UtcTime | None = None
    next_opens_at: UtcTime | None = None
    start_of_day_equity: Number | None
    history: EquityHistory | None = None
    sent: Sent | None = None
    instruments: tuple[Instrument, ...] = ()
    classifications: tuple[Classification, ...] = ()
    fx_rates: tuple[FxRate, ...] = ()

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        _refuse_repeats("quotes of", (quote.instrument for quote in self.quotes))
        _refuse_repeats("rows of", (row.ref for row in self.instruments))
        _refuse_repeats("legs numbered", (leg.leg for leg in self.plan.legs))
        _refuse_repeats("classes of", (one.instrument for one in self.classifications))
        _refuse_repeats("rates of", (rate.currency for rate in self.fx_rates))
        return self


def _refuse_repeats(what: str, keys: Iterable[object]) -> None:
    seen = set[object]()
    for key in keys:
        if key in seen:
            raise ValueError(f"needs one each, was given two {what} {key}")
        seen.add(key)
