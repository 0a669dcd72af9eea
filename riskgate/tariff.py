"""The dated table of what an Indian trade costs, as rows; `adapters.tariffs` has the table."""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum

from pydantic import model_validator

from riskgate.contracts.base import Contract, NonNegative
from riskgate.contracts.instruments import Exchange, Instrument, InstrumentKind
from riskgate.contracts.orders import Product, Side


class ChargeKind(StrEnum):
    """The lines of a contract note; DP is on the depository's bill."""

    BROKERAGE = "brokerage"
    STT = "stt"
    EXCHANGE = "exchange"
    INVESTOR_PROTECTION = "investor_protection"
    SEBI = "sebi"
    STAMP_DUTY = "stamp_duty"
    GST = "gst"
    DP = "dp"


class Segment(StrEnum):
    DELIVERY = "DELIVERY"
    INTRADAY = "INTRADAY"
    FUTURES = "FUTURES"
    OPTIONS = "OPTIONS"


class ChargeBase(StrEnum):
    """What a rate is of: the value traded (of an option its premium), each executed order, the
    fees that bear GST, or each scrip sold on a day."""

    TURNOVER = "TURNOVER"
    ORDER = "ORDER"
    FEES = "FEES"
    SCRIP_DAY = "SCRIP_DAY"


class Rate(Contract):
    """One row of the table: a percentage with or without a cap an order, or a flat sum in rupees.

    `exchange` is None for every exchange, `side` for both sides. The row holds from
    `effective_from` until a later row of the same charge, exchange, segment and side.
    """

    charge: ChargeKind
    effective_from: date
    exchange: Exchange | None
    segment: Segment
    side: Side | None
    base: ChargeBase
    percent: NonNegative | None = None
    flat: NonNegative | None = None
    cap: NonNegative | None = None
    source: str

    @model_validator(mode="after")
    def _has_one_measure(self) -> "Rate":
        if (self.percent is None) == (self.flat is None):
            raise ValueError("a rate is either a percentage or a flat sum")
        return self


class Tariff(Contract):
    """Every rate of every day."""

    rates: tuple[Rate, ...]

    def of(self, *, on: date, exchange: Exchange, segment: Segment, side: Side) -> tuple[Rate, ...]:
        """Return the rates in force for a trade, one of each charge; none when none is known."""
        latest: dict[ChargeKind, Rate] = {}
        for rate in self.rates:
            fits = (
                rate.segment is segment
                and rate.exchange in {None, exchange}
                and rate.side in {None, side}
                and rate.effective_from <= on
            )
            known = latest.get(rate.charge)
            if fits and (known is None or known.effective_from < rate.effective_from):
                latest[rate.charge] = rate
        return tuple(latest.values())


def segment_of(instrument: Instrument, product: Product) -> Segment | None:
    """Return how a trade is charged, or None for what is never traded."""
    match instrument.kind:
        case InstrumentKind.EQUITY:
            return Segment.DELIVERY if product is Product.CNC else Segment.INTRADAY
        case InstrumentKind.FUTURE:
            return Segment.FUTURES
        case InstrumentKind.CALL | InstrumentKind.PUT:
            return Segment.OPTIONS
        case InstrumentKind.INDEX:
            return None


def cash_exchange(exchange: Exchange) -> Exchange:
    """Return the exchange whose fees a segment's trades bear: NSE for NFO, BSE for BFO."""
    return {Exchange.NFO: Exchange.NSE, Exchange.BFO: Exchange.BSE}.get(exchange, exchange)


def read_tariff(records: Iterable[dict[str, str]]) -> Tariff:
    """Read a table's rows; raises pydantic's ValidationError for a row that is not a rate."""
    return Tariff(rates=tuple(_rate(record) for record in records))


def _rate(record: dict[str, str]) -> Rate:
    written = {name: value for name, value in record.items() if value != ""}
    return Rate.model_validate(
        {
            **written,
            "exchange": None if record["exchange"] == "ANY" else record["exchange"],
            "side": None if record["side"] == "BOTH" else record["side"],
        }
    )
