"""From a draft that lacks nothing to the intent that planning reads."""

from typing import Final

from agents.intent.checks import value_problems
from agents.intent.compose import missing_of
from agents.intent.model import Problem, TradeDraft
from agents.intent.problems import problem
from agents.intent.times import on_its_day
from riskgate.contracts.intents import Provenance, ProvenanceSource, TradeIntent
from riskgate.contracts.orders import OrderType, Product

MOST_SYMBOLS: Final = 10


def to_intent(
    trade: TradeDraft,
    *,
    default_product: Product | None,
    default_order_type: OrderType | None,
    account_id: str | None = None,
    account_source: ProvenanceSource = ProvenanceSource.UI,
) -> TradeIntent | tuple[Problem, ...]:
    """Build the intent of a draft, or say everything that stands in its way.

    Only product and order type are ever filled from the account's policy; a price that was said
    decides the order type before the policy does.
    """
    values, sources = _said(trade)
    if trade.time_window is not None:
        values["time_window"] = on_its_day(trade.time_window)
    _fill_product(values, sources, default_product)
    _fill_order_type(trade, values, sources, default_order_type)
    if account_id is not None:
        values["account_id"] = account_id
        sources["account_id"] = Provenance(source=account_source, text=account_id)
    completed = trade.model_copy(
        update={"order_type": values.get("order_type"), "product": values.get("product")}
    )
    problems = _problems(completed)
    return problems or TradeIntent.model_validate({**values, "provenance": sources})


def _said(trade: TradeDraft) -> tuple[dict[str, object], dict[str, Provenance]]:
    values = {
        name: getattr(trade, name)
        for name in TradeIntent.model_fields
        if name in TradeDraft.model_fields
        and name != "provenance"
        and getattr(trade, name) not in (None, ())
    }
    return values, {name: said for name, said in trade.provenance.items() if name in values}


def _default(value: str) -> Provenance:
    return Provenance(source=ProvenanceSource.POLICY_DEFAULT, text=f"account default: {value}")


def _fill_product(
    values: dict[str, object], sources: dict[str, Provenance], default: Product | None
) -> None:
    if "product" not in values and default is not None:
        values["product"], sources["product"] = default, _default(default)


def _fill_order_type(
    trade: TradeDraft,
    values: dict[str, object],
    sources: dict[str, Provenance],
    default: OrderType | None,
) -> None:
    if "order_type" in values:
        return
    implied = _implied(trade)
    if implied is not None:
        order_type, field = implied
        values["order_type"], sources["order_type"] = order_type, trade.provenance[field]
    elif default is not None:
        values["order_type"], sources["order_type"] = default, _default(default)


def _implied(trade: TradeDraft) -> tuple[OrderType, str] | None:
    """Return the order type that takes the prices said, and the field that says so."""
    if trade.trigger_price is not None:
        with_limit = trade.limit_price is not None
        return (OrderType.SL if with_limit else OrderType.SL_M), "trigger_price"
    return (OrderType.LIMIT, "limit_price") if trade.limit_price is not None else None


def _problems(trade: TradeDraft) -> tuple[Problem, ...]:
    lacks = list(missing_of(trade))
    lacks += [name for name in ("product", "order_type") if getattr(trade, name) is None]
    found = [problem("FIELD_MISSING", name, name.replace("_", " ")) for name in lacks]
    if len(trade.symbols) > MOST_SYMBOLS:
        found.append(problem("ONE_ORDER_AT_A_TIME", "symbols", str(len(trade.symbols))))
    return (*found, *value_problems(trade))
