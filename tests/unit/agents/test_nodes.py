"""Each step of a turn alone: what it asks, what it tells and what it leaves in the state."""

from decimal import Decimal
from typing import Any

import pytest
from langgraph.runtime import Runtime

from agents.context import TurnContext, Workspace
from agents.insights.orders import order_sentence
from agents.insights.verdict import sentences
from agents.intent.model import (
    Draft,
    MessageKind,
    OpenOrder,
    ParseContext,
    ParsedMessage,
    Problem,
    QueryTopic,
    TradeDraft,
)
from agents.nodes.answer import HELP, answer
from agents.nodes.ask import ask
from agents.nodes.cancel import NONE_OPEN, STOP_GONE, cancel
from agents.nodes.card import card, plan_title
from agents.nodes.execute import execute, outcome_of, reconcile
from agents.nodes.explain import explain
from agents.nodes.gate import gate
from agents.nodes.gather import gather
from agents.nodes.parse import CARD_WAITS, CHAT_HELP, DROPPED, NOTHING_OPEN, REFUSAL, parse
from agents.nodes.plan import plan
from agents.nodes.step import step
from agents.state import TurnState, as_sentence
from riskgate.contracts.instruments import Exchange, InstrumentKind
from riskgate.contracts.orders import ExecutionMode, OrderState, OrderType, Product, Side
from riskgate.contracts.traces import (
    DeltaKind,
    DeltaSeverity,
    ReconciliationDelta,
    ReconciliationResult,
    ReplayStep,
    ToolCall,
    TurnOutcome,
)
from riskgate.policy import DEFAULT_POLICY
from tests.builders import (
    UI,
    a_planning_input,
    a_submitted_order,
    a_trade_intent,
    sizing,
    the_plan,
)
from tests.fakes.insights import FakeRecords, a_stored_exception
from tests.fakes.turn import FakeSystem, RecordedEvents, a_context, a_toolbox, a_view
from tests.unit.riskgate.builders import (
    ACCOUNT,
    NOW,
    a_gate_input,
    a_ledger,
    a_market_leg,
    a_position,
    a_quote,
    a_ref,
    a_snapshot,
    an_instrument,
    changed,
    decide,
)
from tools.ports import ComposedPlan, ExecutionReport, Judged, ToolRefusal
from tools.registry import ToolDenied
from tools.scopes import Scope

STEP = ReplayStep(step="plan", inputs={}, output={})
REFUSED = ToolRefusal(code="SIZE_ZERO", message="too small", remedy="Ask for more.")
DRAFT = TradeDraft(
    side=Side.BUY,
    symbols=(a_ref(),),
    sizing=sizing("quantity", 10),
    provenance={"side": UI, "symbols": UI, "sizing": UI},
)


def at_work(context: TurnContext) -> Runtime[TurnContext]:
    return Runtime(context=context)


def parsed(kind: MessageKind = MessageKind.TRADE, **changes: Any) -> ParsedMessage:
    return ParsedMessage.model_validate({"kind": kind} | changes)


def composed() -> ComposedPlan:
    return ComposedPlan(
        plan=the_plan(a_planning_input()),
        snapshot=a_snapshot(),
        quotes=(a_quote(),),
        broker_mode=ExecutionMode.PAPER,
        step=STEP,
    )


def judged(allowed: bool = True) -> Judged:
    legs = () if allowed else (a_market_leg(251),)
    return Judged(decision=decide(a_gate_input(*legs), DEFAULT_POLICY), step=STEP)


def state_with(message: ParsedMessage, **changes: Any) -> TurnState:
    state: TurnState = {"message": "words", "parsed": message.model_dump(mode="json")}
    return state | changes  # type: ignore[return-value]


# Steps


def test_a_step_is_told_with_the_tools_it_used_even_when_it_fails() -> None:
    events = RecordedEvents()
    context = a_context(FakeSystem(), events=events)
    call = ToolCall(
        tool="view_account", arguments={}, outcome="failed", summary="raised", duration_us=1
    )

    def break_off() -> None:
        with step(context, "gather"):
            context.toolbox.calls.append(call)
            raise ConnectionError

    with pytest.raises(ConnectionError):
        break_off()
    assert events.told == [
        ("started", "gather"),
        ("tool", "view_account", "raised"),
        ("finished", "gather"),
    ]


# Parse


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (parsed(trades=(DRAFT,)), {"path": "plan"}),
        (parsed(trades=(DRAFT,), missing=("size",)), {"path": "ask"}),
        (parsed(trades=(DRAFT,), ambiguous=(a_ref(), a_ref("TCS"))), {"path": "ask"}),
        (parsed(trades=(DRAFT, DRAFT)), {"path": "ask"}),
        (parsed(), {"path": "ask"}),
        (parsed(MessageKind.QUERY), {"path": "answer"}),
        (
            parsed(MessageKind.CHAT),
            {"path": "stop", "outcome": TurnOutcome.ANSWERED, "explanations": [CHAT_HELP]},
        ),
        (
            parsed(MessageKind.REFUSE),
            {
                "path": "stop",
                "outcome": TurnOutcome.DENIED,
                "error_code": "REQUEST_REFUSED",
                "explanations": [REFUSAL],
            },
        ),
        *(
            (
                parsed(kind),
                {
                    "path": "stop",
                    "outcome": TurnOutcome.NOT_EXECUTED,
                    "error_code": "NOT_AVAILABLE",
                },
            )
            for kind in (MessageKind.MODIFY, MessageKind.MONITOR)
        ),
        (parsed(MessageKind.CANCEL), {"path": "cancel"}),
        (
            parsed(MessageKind.CANCEL, missing=("order",)),
            {"path": "stop", "error_code": "NO_OPEN_ORDER", "explanations": [NOTHING_OPEN]},
        ),
        (
            parsed(MessageKind.CHAT, drops_draft=True),
            {
                "path": "stop",
                "outcome": TurnOutcome.ANSWERED,
                "explanations": [DROPPED],
            },
        ),
        (
            parsed(
                trades=(DRAFT,),
                problems=(Problem(code="BAD_PRICE", field="p", message="Bad.", remedy="Mend."),),
            ),
            {
                "path": "stop",
                "outcome": TurnOutcome.NEEDS_INPUT,
                "error_code": "BAD_PRICE",
                "explanations": ["Bad.", "Mend."],
            },
        ),
    ],
)
async def test_a_message_goes_where_its_kind_says(
    message: ParsedMessage, expected: dict[str, Any]
) -> None:
    state = await parse({"message": "words"}, at_work(a_context(FakeSystem(parsed=message))))
    assert expected.items() <= state.items()
    assert (state["kind"], state["parsed"]) == (message.kind, message.model_dump(mode="json"))


@pytest.mark.parametrize(
    ("message", "kept"),
    [
        (parsed(MessageKind.CHAT), True),
        (parsed(MessageKind.QUERY), True),
        (parsed(MessageKind.CHAT, drops_draft=True), False),
        (parsed(trades=(DRAFT,)), False),
    ],
)
async def test_an_unfinished_order_is_kept_over_a_question_and_dropped_when_told(
    message: ParsedMessage, kept: bool
) -> None:
    draft = Draft(trade=DRAFT, missing=("size",), message="buy INFY")
    context = a_context(
        FakeSystem(parsed=message), parse_context=ParseContext(now=NOW, draft=draft)
    )
    state = await parse({"message": "words"}, at_work(context))
    assert state.get("draft") == (draft.model_dump(mode="json") if kept else None)


async def test_a_yes_while_a_card_waits_is_told_how_the_card_is_decided() -> None:
    draft = Draft(trade=DRAFT, missing=(), message="buy 10 INFY", card_id="card-1")
    context = a_context(
        FakeSystem(parsed=parsed(MessageKind.CHAT)),
        parse_context=ParseContext(now=NOW, draft=draft),
    )
    state = await parse({"message": "yes"}, at_work(context))
    assert state["explanations"] == [CARD_WAITS]


async def test_which_order_is_asked_only_where_one_is_open() -> None:
    context = a_context(
        FakeSystem(parsed=parsed(MessageKind.CANCEL, missing=("order",))),
        parse_context=ParseContext(now=NOW, open_orders=OPEN),
    )
    assert (await parse({"message": "cancel"}, at_work(context)))["path"] == "ask"


# Ask


@pytest.mark.parametrize(
    ("message", "question", "choices", "code"),
    [
        (parsed(trades=(DRAFT,), missing=("size",)), "How many?", [], "FIELDS_MISSING"),
        (
            parsed(missing=("side", "symbol")),
            "Buy or sell? Which instrument?",
            ["buy", "sell"],
            "FIELDS_MISSING",
        ),
        (parsed(missing=("mood",)), "What is the mood?", [], "FIELDS_MISSING"),
        (parsed(), "Which order?", [], "FIELDS_MISSING"),
        (
            parsed(ambiguous=(a_ref(), a_ref("TCS"))),
            "Which one do you mean?",
            [
                {"value": "NSE:INFY", "label": "INFY"},
                {"value": "NSE:TCS", "label": "NSE:TCS"},
            ],
            "SYMBOL_AMBIGUOUS",
        ),
    ],
)
async def test_what_was_not_said_is_asked_with_choices_and_never_guessed(
    message: ParsedMessage, question: str, choices: list[object], code: str
) -> None:
    system, events = FakeSystem(rows={a_ref(): an_instrument()}), RecordedEvents()
    state = await ask(state_with(message), at_work(a_context(system, events=events)))
    assert (state["outcome"], state["error_code"], state["explanations"]) == (
        TurnOutcome.NEEDS_INPUT,
        code,
        [question],
    )
    assert state["draft"] is not None
    assert events.cards[0].fields == {
        "question": question,
        "missing": list(message.missing),
        "choices": choices,
    }


# Gather


async def test_the_account_is_read_and_the_unsaid_filled_with_its_own_defaults() -> None:
    system = FakeSystem(account=a_view(a_snapshot(), a_ledger()))
    context = a_context(system)
    state = await gather(state_with(parsed(trades=(DRAFT,))), at_work(context))
    assert state["path"] == "plan"
    assert (state["intent"]["product"], state["intent"]["order_type"]) == ("CNC", "MARKET")
    assert state["intent"]["provenance"]["product"]["source"] == "policy_default"
    assert state["inputs_used"] == {
        "broker_snapshot_id": "snap-1",
        "ledger_snapshot_id": "ledger-1",
    }
    assert context.workspace.view == system.account


async def test_with_the_broker_down_the_turn_ends_from_the_ledger_alone() -> None:
    system = FakeSystem(account=a_view(None, a_ledger(), "The broker is down."))
    state = await gather(state_with(parsed(trades=(DRAFT,))), at_work(a_context(system)))
    assert (state["path"], state["outcome"], state["error_code"]) == (
        "stop",
        TurnOutcome.DENIED,
        "BROKER_UNAVAILABLE",
    )
    assert state["explanations"][0] == "The broker is down."
    assert state["inputs_used"] == {"broker_snapshot_id": None, "ledger_snapshot_id": "ledger-1"}


@pytest.mark.parametrize(
    ("held", "method", "kind", "product"),
    [
        ([Product.MIS], "fraction", InstrumentKind.EQUITY, "MIS"),
        ([Product.MIS], "quantity", InstrumentKind.EQUITY, "CNC"),
        ([Product.MIS, Product.NRML], "fraction", InstrumentKind.EQUITY, "CNC"),
        ([], "fraction", InstrumentKind.EQUITY, "CNC"),
        ([], "quantity", InstrumentKind.FUTURE, "NRML"),
    ],
)
async def test_an_exit_leaves_by_the_product_it_is_held_in(
    held: list[Product], method: str, kind: InstrumentKind, product: str
) -> None:
    book = a_snapshot(positions=tuple(a_position(5, product=item) for item in held))
    system = FakeSystem(account=a_view(book, a_ledger()), rows={a_ref(): an_instrument(kind=kind)})
    draft = changed(DRAFT, sizing=sizing(method, 1))
    state = await gather(state_with(parsed(trades=(draft,))), at_work(a_context(system)))
    assert state["intent"]["product"] == product


async def test_a_contract_the_master_does_not_know_yet_is_no_delivery() -> None:
    draft = changed(DRAFT, symbols=(a_ref("NIFTY2631024500CE", Exchange.NFO),))
    context = a_context(FakeSystem(account=a_view(a_snapshot(), a_ledger()), rows={}))
    state = await gather(state_with(parsed(trades=(draft,))), at_work(context))
    assert state["intent"]["product"] == "NRML"


# Plan and gate


async def test_a_plan_is_kept_with_what_replays_it() -> None:
    context = a_context(
        FakeSystem(composed=composed()), workspace=Workspace(view=a_view(a_snapshot(), a_ledger()))
    )
    intent = a_trade_intent().model_dump(mode="json")
    state = await plan({"intent": intent, "inputs_used": {"x": 1}}, at_work(context))
    assert state == {
        "path": "plan",
        "plan_id": "plan-1",
        "plan_hash": composed().plan.plan_hash,
        "inputs_used": {"x": 1, "quotes": {"NSE:INFY": "2026-03-02T05:59:59.000000Z"}},
    }
    assert context.workspace.steps == [STEP]


async def test_an_order_that_cannot_be_planned_is_denied_with_the_reason() -> None:
    context = a_context(
        FakeSystem(composed=REFUSED), workspace=Workspace(view=a_view(a_snapshot(), a_ledger()))
    )
    intent = a_trade_intent().model_dump(mode="json")
    state = await plan({"intent": intent, "inputs_used": {}}, at_work(context))
    assert state == {
        "path": "stop",
        "outcome": TurnOutcome.DENIED,
        "error_code": "SIZE_ZERO",
        "explanations": ["Too small.", "Ask for more."],
    }


async def test_an_allowed_plan_goes_on_and_a_denied_one_ends_with_a_veto_card() -> None:
    for allowed in (True, False):
        events = RecordedEvents()
        context = a_context(
            FakeSystem(judged=judged(allowed)),
            events=events,
            workspace=Workspace(composed=composed()),
        )
        state = await gate({"inputs_used": {}}, at_work(context))
        decision = judged(allowed).decision
        assert state["decision"] == decision.model_dump(mode="json")
        assert state["inputs_used"] == {"policy_hash": DEFAULT_POLICY.policy_hash}
        assert (state["path"], len(events.cards)) == (("plan", 0) if allowed else ("stop", 1))
        if not allowed:
            assert (state["outcome"], state["error_code"]) == (
                TurnOutcome.DENIED,
                decision.codes[0],
            )
            assert state["explanations"][0] == "This would pass: quantity 250; ask for it."
            assert state["explanations"] == [
                as_sentence(text) for text in sentences(decision, "INR")
            ]


@pytest.mark.parametrize("node", [plan, gate, card])
async def test_a_step_without_the_one_before_it_fails_and_asks_nothing(node: Any) -> None:
    system = FakeSystem()
    state: dict[str, Any] = {"inputs_used": {}, "intent": a_trade_intent().model_dump(mode="json")}
    done = await node(state, at_work(a_context(system)))
    assert (done["outcome"], done["error_code"]) == (TurnOutcome.FAILED, "STEP_MISSING")
    assert system.asked == []


async def test_without_the_scope_to_plan_nothing_is_planned() -> None:
    system = FakeSystem(composed=composed())
    context = a_context(
        system,
        toolbox=a_toolbox(Scope.READ_MARKET),
        workspace=Workspace(view=a_view(a_snapshot(), a_ledger())),
    )
    intent = a_trade_intent().model_dump(mode="json")
    with pytest.raises(ToolDenied):
        await plan({"intent": intent, "inputs_used": {}}, at_work(context))
    assert system.asked == []


# Card


async def test_the_card_of_a_judged_plan_waits_for_a_person() -> None:
    events = RecordedEvents()
    context = a_context(
        FakeSystem(), events=events, workspace=Workspace(composed=composed(), judged=judged())
    )
    title = "BUY 10 NSE:INFY MARKET CNC (PAPER)"
    waiting = Draft(trade=DRAFT, missing=(), message="words", card_id="card-1")
    assert await card(state_with(parsed(trades=(DRAFT,))), at_work(context)) == {
        "card_id": "card-1",
        "draft": waiting.model_dump(mode="json"),
        "outcome": TurnOutcome.AWAITING_APPROVAL,
        "error_code": None,
        "explanations": [f"{title}. Approve the card to send it."],
    }
    assert [shown.title for shown in events.cards] == [title]


def test_a_title_says_the_prices_that_the_order_has() -> None:
    intent = a_trade_intent(
        side=Side.SELL,
        order_type=OrderType.SL,
        limit_price=Decimal("999.50"),
        trigger_price=Decimal(1000),
    )
    assert plan_title(the_plan(a_planning_input(intent))) == (
        "SELL 10 NSE:INFY SL at ₹999.50 trigger ₹1,000.00 CNC (PAPER)"
    )


# Execute and reconcile


def woken(**changes: Any) -> TurnState:
    state: TurnState = {
        "card_id": "card-1",
        "plan_id": "plan-1",
        "approval": {"card_id": "card-1", "refusal": None, "decision": None},
    }
    return state | changes  # type: ignore[return-value]


async def test_an_approved_card_is_submitted_and_the_orders_are_told() -> None:
    decision = judged().decision.model_dump(mode="json")
    order = a_submitted_order(average_price=Decimal("1000.50"))
    system = FakeSystem(report=ExecutionReport(orders=(order,), approved_by="usr-2"))
    approval = {"card_id": "card-1", "refusal": None, "decision": decision}
    state = await execute(woken(approval=approval), at_work(a_context(system)))
    assert state == {
        "decision": decision,
        "path": "plan",
        "approved_by": "usr-2",
        "orders": [order.model_dump(mode="json")],
        "outcome": TurnOutcome.EXECUTED,
        "error_code": None,
        "explanations": ["BUY 10 NSE:INFY: filled at ₹1,000.50."],
    }
    assert system.asked == ["submit card-1"]


@pytest.mark.parametrize(
    ("code", "why", "outcome", "error", "said"),
    [
        ("CARD_REJECTED", None, TurnOutcome.REJECTED_BY_USER, "CARD_REJECTED", ["No thanks."]),
        (
            "CARD_VOID",
            None,
            TurnOutcome.NOT_EXECUTED,
            "CARD_VOID",
            ["No thanks.", "Ask."],
        ),
        (
            "CARD_VOID",
            {"code": "PRICE_MOVED", "message": "moved", "remedy": "Look again."},
            TurnOutcome.NOT_EXECUTED,
            "PRICE_MOVED",
            ["Moved.", "No thanks.", "Look again."],
        ),
    ],
)
async def test_a_card_that_does_not_count_sends_nothing_and_says_why(
    code: str, why: Any, outcome: TurnOutcome, error: str, said: list[str]
) -> None:
    refusal = ToolRefusal(code=code, message="no thanks", remedy="Ask.")
    system = FakeSystem(report=ExecutionReport(refusal=refusal))
    approval = {"card_id": "card-1", "refusal": why, "decision": None}
    state = await execute(woken(approval=approval), at_work(a_context(system)))
    assert state == {
        "path": "stop",
        "outcome": outcome,
        "error_code": error,
        "explanations": said,
    }


async def test_a_denial_at_approval_time_says_its_rules() -> None:
    decision = judged(allowed=False).decision
    refusal = ToolRefusal(code="CARD_VOID", message="void", remedy="Ask.")
    approval = {
        "card_id": "card-1",
        "refusal": None,
        "decision": decision.model_dump(mode="json"),
    }
    system = FakeSystem(report=ExecutionReport(refusal=refusal))
    state = await execute(woken(approval=approval), at_work(a_context(system)))
    assert {as_sentence(text) for text in sentences(decision, "INR")} <= set(state["explanations"])


@pytest.mark.parametrize(
    ("orders", "outcome"),
    [
        ([(OrderState.FILLED, 10)], TurnOutcome.EXECUTED),
        ([(OrderState.OPEN, 0)], TurnOutcome.EXECUTED),
        ([(OrderState.SIMULATED, 0)], TurnOutcome.EXECUTED),
        ([(OrderState.FILLED, 10), (OrderState.REJECTED, 0)], TurnOutcome.PARTIALLY_EXECUTED),
        ([(OrderState.CANCELLED, 4)], TurnOutcome.PARTIALLY_EXECUTED),
        ([(OrderState.CANCELLED, 0)], TurnOutcome.NOT_EXECUTED),
        ([(OrderState.NOT_SENT, 0), (OrderState.EXPIRED, 0)], TurnOutcome.NOT_EXECUTED),
        ([(OrderState.PLANNED, 0)], TurnOutcome.NOT_EXECUTED),
        ([], TurnOutcome.NOT_EXECUTED),
        ([(OrderState.FILLED, 10), (OrderState.UNKNOWN, 0)], TurnOutcome.OUTCOME_UNKNOWN),
        ([(OrderState.SENDING, 0)], TurnOutcome.OUTCOME_UNKNOWN),
    ],
)
def test_the_worst_certainty_names_the_outcome(
    orders: list[tuple[OrderState, int]], outcome: TurnOutcome
) -> None:
    assert outcome_of([a_submitted_order(state, filled) for state, filled in orders]) is outcome


@pytest.mark.parametrize(
    ("state", "filled", "changes", "sentence"),
    [
        (OrderState.OPEN, 0, {}, "open, 0 filled so far."),
        (
            OrderState.PARTIALLY_FILLED,
            4,
            {"average_price": Decimal(99)},
            "open, 4 filled so far at ₹99.00.",
        ),
        (OrderState.REJECTED, 0, {"reason": "no margin"}, "rejected (no margin)."),
        (OrderState.NOT_SENT, 0, {}, "not sent."),
        (
            OrderState.UNKNOWN,
            0,
            {"reason": "lost"},
            "it is not known whether the broker has it (lost). It is not sent again;"
            " look at the exceptions.",
        ),
    ],
)
def test_an_order_is_said_as_it_stands(
    state: OrderState, filled: int, changes: dict[str, Any], sentence: str
) -> None:
    order = a_submitted_order(state, filled, **changes)
    assert order_sentence(order) == f"BUY 10 NSE:INFY: {sentence}"


def a_reconciliation(*messages: str) -> ReconciliationResult:
    return ReconciliationResult(
        reconciliation_id="rec-1",
        account_id=ACCOUNT,
        as_of=NOW,
        broker_snapshot_id="snap-1",
        ledger_snapshot_id="ledger-1",
        deltas=tuple(
            ReconciliationDelta(
                kind=DeltaKind.POSITION_QTY_MISMATCH,
                severity=DeltaSeverity.HIGH,
                key=message,
                message=message,
            )
            for message in messages
        ),
    )


@pytest.mark.parametrize(
    ("answer_given", "said", "reconciled"),
    [
        (a_reconciliation(), "Ledger and broker agree.", True),
        (
            a_reconciliation("10 not 7", "x"),
            "Ledger and broker differ in 2 points: 10 not 7.",
            False,
        ),
        (REFUSED, "too small Ask for more.", False),
    ],
)
async def test_the_books_are_compared_after_the_orders_and_the_result_is_shown(
    answer_given: Any, said: str, reconciled: bool
) -> None:
    events = RecordedEvents()
    context = a_context(FakeSystem(reconciled=answer_given), events=events)
    state = await reconcile(woken(orders=[], explanations=["filled."]), at_work(context))
    assert state["explanations"] == ["filled.", said]
    assert (state["reconciliation"] is None) == (answer_given is REFUSED)
    assert events.cards[0].fields["reconciled"] is reconciled


async def test_explanations_are_spoken_in_one_breath() -> None:
    events = RecordedEvents()
    context = at_work(a_context(FakeSystem(), events=events))
    assert await explain({"explanations": ["One.", "Two."]}, context) == {}
    assert ("said", "One. Two.") in events.told


# Cancel

OPEN = tuple(
    OpenOrder(order_id=f"ord-{symbol}", instrument=a_ref(symbol), side=Side.BUY)
    for symbol in ("INFY", "TCS")
)


@pytest.mark.parametrize(
    ("message", "asked_for"),
    [
        (parsed(MessageKind.CANCEL, order_ids=("ord-9",)), ["cancel ord-9"]),
        (parsed(MessageKind.CANCEL, cancel_all=True), ["cancel ord-INFY", "cancel ord-TCS"]),
        (parsed(MessageKind.CANCEL, symbols=(a_ref("TCS"),)), ["cancel ord-TCS"]),
    ],
)
async def test_only_the_open_orders_that_were_meant_are_cancelled(
    message: ParsedMessage, asked_for: list[str]
) -> None:
    order = a_submitted_order(OrderState.CANCELLED, 0)
    system = FakeSystem(cancelled=order)
    context = a_context(system, parse_context=ParseContext(now=NOW, open_orders=OPEN))
    assert await cancel(state_with(message), at_work(context)) == {
        "orders": [order.model_dump(mode="json")] * len(asked_for),
        "outcome": TurnOutcome.EXECUTED,
        "error_code": None,
        "explanations": ["BUY 10 NSE:INFY: cancelled."] * len(asked_for),
    }
    assert system.asked == asked_for


async def test_cancelling_a_stop_says_that_a_position_may_be_without_one() -> None:
    stop = a_submitted_order(OrderState.CANCELLED, 0).model_copy(
        update={
            "order_type": OrderType.SL,
            "limit_price": Decimal("95"),
            "trigger_price": Decimal("96"),
        }
    )
    context = a_context(
        FakeSystem(cancelled=stop), parse_context=ParseContext(now=NOW, open_orders=OPEN)
    )
    state = await cancel(
        state_with(parsed(MessageKind.CANCEL, order_ids=("ord-9",))), at_work(context)
    )
    assert state["explanations"] == [
        "BUY 10 NSE:INFY limit ₹95.00 trigger ₹96.00: cancelled.",
        STOP_GONE,
    ]


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (parsed(MessageKind.CANCEL, symbols=(a_ref("SBIN"),)), NONE_OPEN),
        (parsed(MessageKind.CANCEL), NONE_OPEN),
        (parsed(MessageKind.CANCEL, order_ids=("ord-9",)), "too small. Ask for more."),
    ],
)
async def test_an_order_that_is_not_open_is_not_cancelled(
    message: ParsedMessage, said: str
) -> None:
    context = a_context(
        FakeSystem(cancelled=REFUSED), parse_context=ParseContext(now=NOW, open_orders=OPEN)
    )
    state = await cancel(state_with(message), at_work(context))
    assert (state["outcome"], state["error_code"]) == (TurnOutcome.NOT_EXECUTED, "NO_OPEN_ORDER")
    assert state["explanations"] == [said]


# Answer


def asked(topic: QueryTopic | None, *symbols: str) -> TurnState:
    return state_with(parsed(MessageKind.QUERY, topic=topic, symbols=tuple(map(a_ref, symbols))))


@pytest.mark.parametrize(
    ("topic", "symbols", "said"),
    [
        (None, [], [HELP]),
        (QueryTopic.HELP, [], [HELP]),
        (QueryTopic.QUOTE, [], ["Which instrument's price? For example: price of INFY."]),
        (
            QueryTopic.QUOTE,
            ["INFY", "TCS"],
            ["NSE:INFY ₹1,000.00 (simulated price).", "There is no usable price for NSE:TCS now."],
        ),
        (QueryTopic.ORDERS, [], ["No order is open.", "Done: BUY 10 NSE:INFY: filled."]),
        (QueryTopic.EXCEPTIONS, [], ["10 not 7"]),
        (QueryTopic.MARGIN, [], ["Equity ₹10,00,000.00, available ₹10,00,000.00."]),
        (
            QueryTopic.POSITIONS,
            [],
            [
                "NSE:INFY CNC 10 at ₹900.00; NSE:TCS MIS -5 at ₹900.00; NSE:SBIN CNC 3 at ₹900.00.",
                "Equity ₹10,00,000.00, available ₹10,00,000.00.",
            ],
        ),
        (
            QueryTopic.HOLDINGS,
            [],
            [
                "NSE:SBIN CNC 3 at ₹900.00; NSE:INFY CNC 10 at ₹900.00.",
                "Equity ₹10,00,000.00, available ₹10,00,000.00.",
            ],
        ),
    ],
)
async def test_a_question_is_answered_from_what_was_read(
    topic: QueryTopic | None, symbols: list[str], said: list[str]
) -> None:
    book = a_snapshot(
        positions=(a_position(10), a_position(-5, "TCS", Product.MIS), a_position(0, "GOOG")),
        holdings=(a_position(3, "SBIN"),),
        quotes=(a_quote(),),
    )
    events = RecordedEvents()
    system = FakeSystem(
        account=a_view(book, a_ledger()),
        prices=(a_quote(),),
        newest=(a_submitted_order(),),
        records=FakeRecords(differences=(a_stored_exception(message="10 not 7"),)),
    )
    state = await answer(asked(topic, *symbols), at_work(a_context(system, events=events)))
    assert (state["outcome"], state["error_code"]) == (TurnOutcome.ANSWERED, None)
    assert state["explanations"] == said
    assert len(events.cards) == 1


async def test_a_gain_is_shown_only_where_there_is_a_price() -> None:
    book = a_snapshot(positions=(a_position(10), a_position(-5, "TCS")), quotes=(a_quote(),))
    events = RecordedEvents()
    rows_of = {a_ref(name): an_instrument(name) for name in ("INFY", "TCS")}
    system = FakeSystem(account=a_view(book, a_ledger()), rows=rows_of)
    await answer(asked(QueryTopic.PNL), at_work(a_context(system, events=events)))
    rows: Any = events.cards[0].fields["positions"]
    assert [(row["last"], row["unrealised_pnl"]) for row in rows] == [
        ("1000", "1000"),
        (None, None),
    ]


async def test_with_the_broker_down_the_ledger_answers_and_says_so() -> None:
    down = a_view(None, a_ledger(expected_positions=(a_position(4),)), "The broker is down.")
    system = FakeSystem(account=down)
    state = await answer(asked(QueryTopic.POSITIONS), at_work(a_context(system)))
    assert state["explanations"] == [
        "The broker is down.",
        "NSE:INFY CNC 4 at ₹900.00.",
        "The broker gave no margins.",
    ]


@pytest.mark.parametrize(
    ("topic", "said"),
    [
        (QueryTopic.ORDERS, "No order is open."),
        (QueryTopic.EXCEPTIONS, "There are no open exceptions."),
        (QueryTopic.POSITIONS, "There are no positions."),
    ],
)
async def test_nothing_there_is_said_plainly(topic: QueryTopic, said: str) -> None:
    system = FakeSystem(account=a_view(a_snapshot(), a_ledger()))
    state = await answer(asked(topic), at_work(a_context(system)))
    assert state["explanations"][0] == said
