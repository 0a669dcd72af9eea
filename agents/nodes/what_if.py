"""Have the gate judge a trade that a person only asks about; nothing is planned."""

from collections.abc import Sequence
from decimal import Decimal

from pydantic import ValidationError

from agents.context import TurnContext
from agents.insights.insight import Insight, plain
from agents.insights.what_if import TITLE, WHICH_TRADE, no_plan_insight, what_if_insight
from agents.intent.what_if import WhatIf
from agents.nodes.defaults import usual_product
from agents.nodes.login import needed_login
from riskgate.contracts.instruments import InstrumentRef
from riskgate.contracts.intents import (
    Provenance,
    ProvenanceSource,
    Sizing,
    SizingMethod,
    TradeIntent,
)
from riskgate.contracts.orders import Side
from riskgate.contracts.traces import DecisionTrace
from tools.ports import ToolRefusal
from tools.read.view_account import view_account
from tools.read.weigh_trade import weigh_trade


async def weigh(context: TurnContext, asked: WhatIf, traces: Sequence[DecisionTrace]) -> Insight:
    """Answer whether the trade would pass, as one of before with another size or one of its own."""
    intent = intent_of(context, asked, traces)
    if intent is None:
        return plain(TITLE, WHICH_TRADE)
    view = await view_account(context.toolbox, context.accounts, context.caller)
    if view.snapshot is None:
        await needed_login(context)
    found = await weigh_trade(context.toolbox, context.proposer, context.caller, intent, view)
    if isinstance(found, ToolRefusal):
        return no_plan_insight(found)
    return what_if_insight(view, found, asked=asked.sizing is not None)


def intent_of(
    context: TurnContext, asked: WhatIf, traces: Sequence[DecisionTrace]
) -> TradeIntent | None:
    """Return the trade that is asked about: the newest of before that fits, with the size said."""
    fitting = [each for each in map(_planned, traces) if each and _fits(each, asked)]
    base = next(iter(fitting), None)
    symbols = asked.symbols or _focus(context)
    if base is None and not symbols:
        return None
    symbol = symbols[0] if base is None else base.symbols[0]
    sizing, said = _sizing(context, asked, symbol)
    if base is not None:
        return base.model_copy(
            update={"sizing": sizing, "provenance": {**base.provenance, "sizing": said}}
        )
    return TradeIntent(
        side=asked.side or Side.BUY,
        symbols=(symbol,),
        sizing=sizing,
        product=usual_product(context.defaults, context.directory, symbol),
        order_type=context.defaults.order_type,
        provenance={
            "side": asked.side_words or _default("a purchase"),
            "symbols": asked.symbol_words or _chosen(symbol),
            "sizing": said,
            "product": _default("the usual product"),
            "order_type": _default("the usual order"),
        },
    )


def _planned(trace: DecisionTrace) -> TradeIntent | None:
    """Return the intent of a turn's plan, None where it came to none."""
    step = next((each for each in trace.replay if each.step == "plan"), None)
    try:
        return None if step is None else TradeIntent.model_validate(step.inputs["intent"])
    except ValidationError:
        # Written by a release that wrote intents otherwise.
        return None


def _fits(intent: TradeIntent, asked: WhatIf) -> bool:
    if len(intent.symbols) != 1 or asked.side not in (None, intent.side):
        return False
    return not asked.symbols or intent.symbols == asked.symbols


def _focus(context: TurnContext) -> tuple[InstrumentRef, ...]:
    focus = context.parse_context.focus_symbol
    return () if focus is None else (focus,)


def _sizing(
    context: TurnContext, asked: WhatIf, symbol: InstrumentRef
) -> tuple[Sizing, Provenance]:
    if asked.sizing is not None and asked.said is not None:
        return asked.sizing, asked.said
    row = context.directory.get(symbol)
    lot = Decimal(1 if row is None else row.lot_size)
    return Sizing(method=SizingMethod.QUANTITY, value=lot), _default("one lot")


def _default(text: str) -> Provenance:
    return Provenance(source=ProvenanceSource.POLICY_DEFAULT, text=text)


def _chosen(symbol: InstrumentRef) -> Provenance:
    return Provenance(source=ProvenanceSource.UI, text=str(symbol))
