"""Valid gate inputs with round numbers, one override away from any case.

Defaults: an account of 1,000,000 INR, nothing held, INFY at 1000 on a tick of 0.05 with no depth,
and a plan to buy 10 of it delivered, at a limit of 1000. The default policy allows it.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from riskgate.book import Book
from riskgate.contracts.base import Contract
from riskgate.contracts.decisions import KillSwitchLevel, RiskDecision, Violation
from riskgate.contracts.instruments import (
    Currency,
    Exchange,
    Instrument,
    InstrumentKind,
    InstrumentRef,
)
from riskgate.contracts.intents import (
    Comparison,
    EntryRule,
    Provenance,
    ProvenanceSource,
    Sizing,
    SizingMethod,
    TradeIntent,
)
from riskgate.contracts.orders import (
    BrokerOrder,
    BrokerOrderStatus,
    ExecutionMode,
    OrderTerms,
    OrderType,
    Product,
    Side,
    Validity,
)
from riskgate.contracts.plans import (
    OrderSkeleton,
    PlanLeg,
    RiskModel,
    TradePlan,
    ValidityWindow,
)
from riskgate.contracts.snapshots import (
    BrokerSnapshot,
    DepthLevel,
    LedgerSnapshot,
    Margins,
    Position,
    Quote,
    QuoteSource,
)
from riskgate.engine import evaluate
from riskgate.facts import Account, Candidate, Listing, Market, Price, Rates, Situation
from riskgate.inputs import EquityHistory, GateInput, Sent
from riskgate.policy import DEFAULT_POLICY, Policy

NOW = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
ACCOUNT = "paper-1"
Amount = Decimal | int | str
Model = TypeVar("Model", bound=Contract)


def seconds(count: Amount) -> timedelta:
    return timedelta(microseconds=int(Decimal(count) * 1_000_000))


def changed(model: Model, **changes: object) -> Model:
    """Return a copy with fields replaced and everything validated again."""
    return type(model).model_validate(dict(model) | changes)


def a_ref(symbol: str = "INFY", exchange: Exchange = Exchange.NSE) -> InstrumentRef:
    return InstrumentRef(exchange=exchange, tradingsymbol=symbol)


def an_instrument(symbol: str = "INFY", **changes: Any) -> Instrument:
    fields: dict[str, Any] = {
        "ref": a_ref(symbol, changes.pop("exchange", Exchange.NSE)),
        "name": symbol,
        "kind": InstrumentKind.EQUITY,
        "currency": Currency.INR,
        "lot_size": 1,
        "tick_size": "0.05",
    }
    return Instrument.model_validate(fields | changes)


def a_quote(
    symbol: str = "INFY",
    last: Amount = 1000,
    *,
    bid: Amount | None = None,
    ask: Amount | None = None,
    age: Amount = 1,
    exchange: Exchange = Exchange.NSE,
) -> Quote:
    return Quote(
        instrument=a_ref(symbol, exchange),
        source=QuoteSource.SIMULATED,
        as_of=NOW - seconds(age),
        market_time=NOW,
        last=Decimal(last),
        bids=() if bid is None else (DepthLevel(price=Decimal(bid), quantity=Decimal(1)),),
        asks=() if ask is None else (DepthLevel(price=Decimal(ask), quantity=Decimal(1)),),
    )


def a_position(
    quantity: Amount, symbol: str = "INFY", product: Product = Product.CNC, **changes: Any
) -> Position:
    fields: dict[str, Any] = {
        "instrument": a_ref(symbol, changes.pop("exchange", Exchange.NSE)),
        "product": product,
        "quantity": Decimal(quantity),
        "average_price": Decimal(900),
    }
    return Position.model_validate(fields | changes)


def terms(
    side: Side = Side.BUY, quantity: Amount = 10, symbol: str = "INFY", **changes: Any
) -> OrderTerms:
    fields: dict[str, Any] = {
        "instrument": a_ref(symbol),
        "side": side,
        "quantity": Decimal(quantity),
        "product": Product.CNC,
        "order_type": OrderType.MARKET,
    }
    return OrderTerms.model_validate(fields | changes)


def an_open_order(
    side: Side = Side.BUY, quantity: Amount = 10, symbol: str = "INFY", **changes: Any
) -> BrokerOrder:
    fields: dict[str, Any] = {
        **dict(terms(side, quantity, symbol)),
        "broker_order_id": "b-1",
        "tag": None,
        "status": BrokerOrderStatus.OPEN,
        "placed_at": NOW,
        "updated_at": NOW,
    }
    return BrokerOrder.model_validate(fields | changes)


def margins(**changes: Any) -> Margins:
    fields: dict[str, Any] = {
        "currency": Currency.INR,
        "available": Decimal(1_000_000),
        "used": Decimal(0),
        "equity": Decimal(1_000_000),
    }
    return Margins.model_validate(fields | changes)


def a_snapshot(**changes: Any) -> BrokerSnapshot:
    fields: dict[str, Any] = {
        "snapshot_id": "snap-1",
        "account_id": ACCOUNT,
        "source": "paper",
        "as_of": NOW - seconds(1),
        "holdings": (),
        "positions": (),
        "orders": (),
        "margins": margins(),
    }
    return BrokerSnapshot.model_validate(fields | changes)


def a_ledger(**changes: Any) -> LedgerSnapshot:
    fields: dict[str, Any] = {
        "snapshot_id": "ledger-1",
        "account_id": ACCOUNT,
        "as_of": NOW,
        "expected_positions": (),
        "expected_orders": (),
    }
    return LedgerSnapshot.model_validate(fields | changes)


def a_leg(quantity: Amount = 10, symbol: str = "INFY", **changes: Any) -> PlanLeg:
    stop = changes.pop("stop", None)
    fields: dict[str, Any] = {
        "leg": 0,
        "instrument": an_instrument(symbol),
        "side": Side.BUY,
        "quantity": Decimal(quantity),
        "slices": (Decimal(quantity),),
        "limit_price": Decimal(1000),
        "reference_price": Decimal(1000),
        "quote_as_of": NOW,
        "notional": Decimal(quantity) * 1000,
        "sizing_note": "as asked",
        "risk_model": RiskModel(stop_price=None if stop is None else Decimal(stop)),
    }
    return PlanLeg.model_validate(fields | changes)


def a_market_leg(quantity: Amount = 10, symbol: str = "INFY", **changes: Any) -> PlanLeg:
    return a_leg(quantity, symbol, **{"limit_price": None} | changes)


def an_intent() -> TradeIntent:
    said = Provenance(source=ProvenanceSource.UI, text="as asked")
    return TradeIntent(
        side=Side.BUY,
        symbols=(a_ref(),),
        sizing=Sizing(method=SizingMethod.QUANTITY, value=Decimal(10)),
        provenance={"side": said, "symbols": said, "sizing": said},
    )


def a_plan(*legs: PlanLeg, **changes: Any) -> TradePlan:
    """Return a plan of the legs; the order type is read off the first leg's prices."""
    legs = legs or (a_leg(),)
    skeleton = OrderSkeleton(
        order_type=changes.pop("order_type", _order_type(legs[0])),
        product=changes.pop("product", Product.CNC),
        validity=Validity.DAY,
    )
    fields: dict[str, Any] = {
        "plan_id": "plan-1",
        "tenant_id": "tenant-1",
        "account_id": ACCOUNT,
        "mode": ExecutionMode.PAPER,
        "currency": Currency.INR,
        "created_at": NOW,
        "intent": an_intent(),
        "entry_rules": (),
        "sizing_method": Sizing(method=SizingMethod.QUANTITY, value=Decimal(10)),
        "risk_model": RiskModel(),
        "order_skeleton": skeleton,
        "legs": legs,
        "validity_window": ValidityWindow(start=NOW - seconds(60), end=NOW + seconds(60)),
        "broker_snapshot_id": "snap-1",
    }
    return TradePlan.model_validate(fields | changes)


def _order_type(leg: PlanLeg) -> OrderType:
    return {
        (False, False): OrderType.MARKET,
        (True, False): OrderType.LIMIT,
        (True, True): OrderType.SL,
        (False, True): OrderType.SL_M,
    }[leg.limit_price is not None, leg.trigger_price is not None]


def an_entry_rule(comparison: Comparison, price: Amount, symbol: str = "INFY") -> EntryRule:
    return EntryRule(instrument=a_ref(symbol), comparison=comparison, price=Decimal(price))


def a_history(equity: Amount = 1_000_000, **changes: Any) -> EquityHistory:
    """Return a history in which every period began with, and the peak was, the same equity."""
    money = Decimal(equity)
    fields: dict[str, Any] = {"week_start": money, "month_start": money, "peak": money}
    return EquityHistory.model_validate(fields | changes)


def a_gate_input(*legs: PlanLeg, **changes: Any) -> GateInput:
    """Return an input for a plan of the legs; `product`, `held`, `orders` and `money` reach in."""
    product = changes.pop("product", Product.CNC)
    snapshot = a_snapshot(
        positions=tuple(changes.pop("held", ())),
        orders=tuple(changes.pop("orders", ())),
        margins=changes.pop("money", margins()),
    )
    fields: dict[str, Any] = {
        "plan": a_plan(*legs, product=product),
        "broker": snapshot,
        "ledger": a_ledger(),
        "quotes": (a_quote(),),
        "as_of": NOW,
        "kill_switch": KillSwitchLevel.RUNNING,
        "market_open": True,
        "start_of_day_equity": Decimal(1_000_000),
        "history": a_history(),
        "sent": Sent(),
    }
    return GateInput.model_validate(fields | changes)


def a_policy(base: Policy = DEFAULT_POLICY, **blocks: Mapping[str, object]) -> Policy:
    """Return the default policy with some fields of some blocks of limits replaced."""
    limits = base.limits
    return base.model_copy(
        update={
            "limits": limits.model_copy(
                update={name: changed(getattr(limits, name), **to) for name, to in blocks.items()}
            )
        }
    )


def a_listing(symbol: str = "INFY", **changes: Any) -> Listing:
    """Return an instrument as the gate sees it: in single pieces, on a tick of 0.05."""
    fields: dict[str, Any] = {
        "key": symbol,
        "names": (f"NSE:{symbol}", symbol),
        "listed": True,
        "lot": Decimal(1),
        "tick": Decimal("0.05"),
        "underlying": symbol,
        "exchange": Exchange.NSE,
    }
    return Listing(**fields | changes)


def a_price(last: Amount = 1000, **changes: Any) -> Price:
    return Price(Decimal(last), **{"as_of": NOW} | changes)


def a_candidate(
    quantity: Amount = 10, side: Side = Side.BUY, symbol: str = "INFY", **changes: Any
) -> Candidate:
    """Return an intraday order at the market; `limit` makes it one with a limit price."""
    limit = changes.pop("limit", None)
    fields: dict[str, Any] = {
        "listing": a_listing(symbol),
        "sign": side.sign,
        "quantity": Decimal(quantity),
        "order_type": OrderType.MARKET if limit is None else OrderType.LIMIT,
        "product": Product.MIS,
        "limit_price": None if limit is None else Decimal(limit),
        "strategy_id": "alpha",
    }
    return Candidate(**fields | changes)


def a_book(*listings: Listing, held: Amount = 0, price: Price | None = None) -> Book:
    """Return a book that knows the instruments at 1000, INFY alone by default; `held` is of MIS."""
    book = Book()
    for listing in listings or (a_listing(),):
        book.know(listing)
        book.set_price(listing.key, price or a_price())
        book.hold(listing.key, Product.MIS, Decimal(held))
    return book


def an_account(equity: Amount = 1_000_000, **changes: Any) -> Account:
    money = Decimal(1_000_000)
    fields: dict[str, Any] = {
        "day_start": money,
        "week_start": money,
        "month_start": money,
        "peak": money,
        "available": money,
        "currency": "INR",
    }
    return Account(Decimal(equity), **fields | changes)


def a_situation(**changes: Any) -> Situation:
    fields: dict[str, Any] = {
        "account": an_account(),
        "rates": Rates(),
        "market": Market(is_open=True),
        "as_of": NOW,
    }
    return Situation(**fields | changes)


# Limits so wide that only the rule under test can speak.
WIDE_POLICY = a_policy(
    exposure={"max_position_pct": 1, "max_gross_exposure_x": 10_000},
    order={"max_order_value": 10**15, "max_order_quantity": 10**12},
    loss={"max_risk_per_trade_pct": 1},
)


def decide(gate_input: GateInput, policy: Policy = WIDE_POLICY) -> RiskDecision:
    return evaluate(policy, gate_input)


def codes(gate_input: GateInput, policy: Policy = WIDE_POLICY) -> tuple[str, ...]:
    return decide(gate_input, policy).codes


def only_violation(decision: RiskDecision) -> Violation:
    assert len(decision.violations) == 1, decision.codes
    return decision.violations[0]


def offered(decision: RiskDecision) -> dict[int, Any]:
    """Return the smaller quantities of a MODIFY by leg."""
    return {change.leg: change.quantity for change in decision.modified_quantities}


def compared(violation: Violation) -> tuple[Any, Any]:
    """Return the limit of a violation and what it was."""
    return violation.limit, violation.actual


def figures(decision: RiskDecision) -> dict[str, Decimal]:
    """Return the evidence by metric, with the leg's number where it is of a leg."""
    return {
        e.metric if e.leg is None else f"{e.metric}[{e.leg}]": e.value for e in decision.evidence
    }


def quotes_of(symbols: Iterable[str], last: Amount = 1000) -> tuple[Quote, ...]:
    return tuple(a_quote(symbol, last) for symbol in symbols)
