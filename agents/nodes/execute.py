"""Send what was approved, then look at what the broker made of it."""

from collections.abc import Sequence

from langgraph.runtime import Runtime
from pydantic import JsonValue

from agents.context import TurnContext
from agents.insights import figures
from agents.insights.orders import order_sentence
from agents.insights.protected import protection_sentences, stop_row
from agents.insights.verdict import sentences, veto_fields
from agents.nodes.step import step
from agents.state import JsonObject, TurnState, refused
from riskgate.contracts.cards import CardKind
from riskgate.contracts.decisions import RiskDecision, Verdict
from riskgate.contracts.insights import StopFact
from riskgate.contracts.instruments import Currency
from riskgate.contracts.intents import TradeIntent
from riskgate.contracts.orders import OrderState
from riskgate.contracts.traces import ReconciliationResult, SubmittedOrder, TurnOutcome
from tools.act.reconcile_account import reconcile_account
from tools.act.submit_plan import submit_plan
from tools.ports import CardContent, ToolRefusal
from tools.read.list_stops import list_stops


async def execute(state: TurnState, runtime: Runtime[TurnContext]) -> TurnState:
    """Submit the approved card; the stored approval decides, not what woke the turn."""
    context = runtime.context
    with step(context, "execute"):
        report = await submit_plan(
            context.toolbox, context.submitter, context.caller, state["card_id"]
        )
    resumption = state["approval"]
    answer: TurnState = {}
    if resumption["decision"] is not None:
        answer = {"decision": resumption["decision"]}
    if report.refusal is not None:
        await _show_denial(context, state, resumption)
        return {**answer, **_nothing_sent(state, report.refusal, resumption)}
    outcome = outcome_of(report.orders)
    return {
        **answer,
        "path": "plan",
        "approved_by": report.approved_by,
        "orders": [order.model_dump(mode="json") for order in report.orders],
        "outcome": outcome,
        "error_code": None if outcome is TurnOutcome.EXECUTED else outcome.value,
        "explanations": [*_trip(resumption), *map(order_sentence, report.orders)],
    }


async def _show_denial(context: TurnContext, state: TurnState, resumption: JsonObject) -> None:
    """Show the rules of a plan that the gate refused when it was approved."""
    if resumption["decision"] is None:
        return
    decision = RiskDecision.model_validate(resumption["decision"])
    if decision.verdict is Verdict.ALLOW:
        return
    content = CardContent(
        kind=CardKind.VETO,
        title="The risk gate does not allow this plan any more",
        fields={**veto_fields(decision, _currency(state)), "kill_switch": resumption.get("trip")},
        plan_id=state["plan_id"],
    )
    context.events.card(await context.cards.show(context.caller, content))


async def reconcile(state: TurnState, runtime: Runtime[TurnContext]) -> TurnState:
    """Compare ledger and broker after the orders, and show the result."""
    context = runtime.context
    said = list(state["explanations"])
    result: ReconciliationResult | None = None
    with step(context, "reconcile"):
        answer = await reconcile_account(context.toolbox, context.submitter, context.caller)
        if isinstance(answer, ReconciliationResult):
            result = answer
            said.append(_reconciliation_sentence(answer))
        else:
            said.append(f"{answer.message} {answer.remedy}")
        stops = await _standing(context, state)
        said += protection_sentences(stops)
        fields: dict[str, JsonValue] = {
            "orders": list(state["orders"]),
            "reconciled": result is not None and result.matched,
            "differences": [] if result is None else [d.message for d in result.deltas],
        }
        if stops:
            fields["stops"] = [stop_row(stop) for stop in stops]
        content = CardContent(
            kind=CardKind.RESULT, title=said[0], fields=fields, plan_id=state["plan_id"]
        )
        context.events.card(await context.cards.show(context.caller, content))
    return {
        "explanations": said,
        "reconciliation": None if result is None else result.model_dump(mode="json"),
    }


async def _standing(context: TurnContext, state: TurnState) -> list[StopFact]:
    """Return the stops and targets of what the orders filled, or will when they fill."""
    orders = [SubmittedOrder.model_validate(order) for order in state["orders"]]
    live = [order for order in orders if order.filled_quantity or not order.state.final]
    if not live:
        return []
    kept = await list_stops(context.toolbox, context.insights, context.caller)
    entries = {order.order_id for order in live}
    traded = {order.instrument for order in live if order.filled_quantity}
    own = [stop for stop in kept if stop.entry_order_id in entries]
    return own or [stop for stop in kept if stop.instrument in traded]


def outcome_of(orders: Sequence[SubmittedOrder]) -> TurnOutcome:
    """Name what became of all orders together; the worst certainty wins."""
    states = {order.state for order in orders}
    if states & {OrderState.UNKNOWN, OrderState.SENDING}:
        return TurnOutcome.OUTCOME_UNKNOWN
    dead = {
        OrderState.REJECTED,
        OrderState.NOT_SENT,
        OrderState.EXPIRED,
        OrderState.PLANNED,
        OrderState.CANCELLED,
    }
    filled = any(order.filled_quantity for order in orders)
    if not states - dead:
        return TurnOutcome.PARTIALLY_EXECUTED if filled else TurnOutcome.NOT_EXECUTED
    return TurnOutcome.PARTIALLY_EXECUTED if states & dead else TurnOutcome.EXECUTED


def _currency(state: TurnState) -> str:
    if "intent" not in state:
        return Currency.INR
    intent = TradeIntent.model_validate(state["intent"])
    return figures.currency_of(intent.symbols[0])


def _nothing_sent(state: TurnState, refusal: ToolRefusal, resumption: JsonObject) -> TurnState:
    if refusal.code == "CARD_REJECTED":
        return refused(TurnOutcome.REJECTED_BY_USER, refusal.code, refusal.message)
    why = resumption["refusal"]
    cause = refusal if why is None else ToolRefusal.model_validate(why)
    decision = resumption["decision"]
    judged = RiskDecision.model_validate(decision) if decision else None
    said = [] if judged is None else sentences(judged, _currency(state))
    also = "" if cause is refusal else refusal.message
    said += _trip(resumption)
    return refused(TurnOutcome.NOT_EXECUTED, cause.code, cause.message, also, *said, cause.remedy)


def _trip(resumption: JsonObject) -> list[str]:
    trip = resumption.get("trip")
    return [trip] if trip else []


def _reconciliation_sentence(result: ReconciliationResult) -> str:
    if result.matched:
        return "Ledger and broker agree."
    return f"Ledger and broker differ in {len(result.deltas)} points: {result.deltas[0].message}."
