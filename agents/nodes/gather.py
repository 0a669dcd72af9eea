"""Look at the account before planning on it."""

from decimal import Decimal

from langgraph.runtime import Runtime

from agents.context import TurnContext
from agents.insights.insight import inputs_used
from agents.intent.complete import to_intent
from agents.intent.model import ParsedMessage, TradeDraft
from agents.nodes.defaults import usual_product
from agents.nodes.login import LOGIN_NEEDED, login_sentences, needed_login
from agents.nodes.step import step
from agents.state import TurnState, refused
from riskgate.contracts.intents import SizingMethod, TradeIntent
from riskgate.contracts.orders import Product
from riskgate.contracts.traces import TurnOutcome
from tools.ports import AccountView
from tools.read.view_account import view_account

BROKER_DOWN = "BROKER_UNAVAILABLE"


async def gather(state: TurnState, runtime: Runtime[TurnContext]) -> TurnState:
    """Read the account, fill in the account's defaults, and stop where nothing can be sent."""
    context = runtime.context
    with step(context, "gather"):
        view = await view_account(context.toolbox, context.accounts, context.caller)
        context.workspace.view = view
        login = await needed_login(context) if view.snapshot is None else None
    used = inputs_used(view)
    if login is not None:
        said = (*login_sentences(login), "Nothing was sent.")
        return {**refused(TurnOutcome.DENIED, LOGIN_NEEDED, *said), "inputs_used": used}
    if view.snapshot is None:
        answer = refused(
            TurnOutcome.DENIED,
            BROKER_DOWN,
            view.warning or "The broker does not answer.",
            "Nothing was sent. What you see is our own ledger; try again when the broker is back.",
        )
        return {**answer, "inputs_used": used}
    intent = _intent(context, ParsedMessage.model_validate(state["parsed"]).trades[0], view)
    if isinstance(intent, TradeIntent):
        return {"path": "plan", "intent": intent.model_dump(mode="json"), "inputs_used": used}
    return {**intent, "inputs_used": used}


def _intent(context: TurnContext, draft: TradeDraft, view: AccountView) -> TradeIntent | TurnState:
    answer = to_intent(
        draft,
        default_product=_default_product(context, draft, view),
        default_order_type=context.defaults.order_type,
        # The account that a program names is nobody's choice yet; the card shows it.
        account_id=None if context.caller.relay else context.caller.account_id,
        account_source=context.account_source,
    )
    if isinstance(answer, TradeIntent):
        return answer
    problem = answer[0]
    return refused(TurnOutcome.NEEDS_INPUT, problem.code, problem.message, problem.remedy)


def _default_product(context: TurnContext, draft: TradeDraft, view: AccountView) -> Product:
    """An exit leaves by the product it is held in; else the account's default for the kind."""
    held = _held_products(draft, view)
    exits = draft.sizing is not None and draft.sizing.method is SizingMethod.FRACTION
    if exits and len(held) == 1:
        return held.pop()
    if not draft.symbols:
        return context.defaults.equity_product
    return usual_product(context.defaults, context.directory, draft.symbols[0])


def _held_products(draft: TradeDraft, view: AccountView) -> set[Product]:
    if view.snapshot is None:
        return set()
    everything = (*view.snapshot.positions, *view.snapshot.holdings)
    return {
        item.product
        for item in everything
        if item.instrument in draft.symbols and item.quantity != Decimal(0)
    }
