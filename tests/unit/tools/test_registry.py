"""Every tool call is checked against the caller's scopes and recorded, whatever becomes of it."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from riskgate.contracts.orders import ExecutionMode, OrderState
from riskgate.contracts.traces import ReplayStep, ToolCall
from tests.builders import a_planning_input, a_submitted_order, a_trade_intent, the_plan
from tests.fakes.insights import FakeRecords, a_stored_exception
from tests.fakes.turn import CALLER, FakeSystem, a_toolbox, a_view
from tests.unit.riskgate.builders import a_gate_input, a_ledger, a_quote, a_ref, a_snapshot, decide
from tools.act import cancel_order, reconcile_account, submit_plan
from tools.ports import AccountView, ComposedPlan, ExecutionReport, Judged, ToolRefusal
from tools.propose import compose_plan, judge_plan, request_approval
from tools.read import (
    get_gains,
    get_market_context,
    get_market_hours,
    get_quotes,
    get_standing,
    list_exceptions,
    list_fills,
    list_orders,
    list_stops,
    view_account,
    view_login,
)
from tools.registry import Tool, Toolbox, ToolDenied
from tools.scopes import Scope, scopes_of

TOOL = Tool(
    name="get_quotes",
    title="Get quotes",
    description="Prices.",
    scope=Scope.READ_MARKET,
    read_only=True,
    destructive=False,
    idempotent=True,
    open_world=True,
)
EVERY_TOOL = (
    get_quotes.TOOL,
    list_exceptions.TOOL,
    list_orders.TOOL,
    view_account.TOOL,
    view_login.TOOL,
    compose_plan.TOOL,
    judge_plan.TOOL,
    request_approval.TOOL,
    reconcile_account.TOOL,
    submit_plan.TOOL,
    cancel_order.TOOL,
    get_standing.TOOL,
    get_gains.TOOL,
    list_fills.TOOL,
    list_stops.TOOL,
    get_market_context.TOOL,
    get_market_hours.TOOL,
)
STEP = ReplayStep(step="plan", inputs={}, output={})


def seen() -> AccountView:
    return a_view(a_snapshot(), a_ledger())


def composed() -> ComposedPlan:
    return ComposedPlan(
        plan=the_plan(a_planning_input()),
        snapshot=a_snapshot(),
        quotes=(a_quote(),),
        broker_mode=ExecutionMode.PAPER,
        step=STEP,
    )


def judged() -> Judged:
    return Judged(decision=decide(a_gate_input()), step=STEP)


async def test_a_call_within_the_scopes_answers_and_is_recorded_with_its_time() -> None:
    toolbox = a_toolbox(Scope.READ_MARKET)

    async def act() -> str:
        return "1000"

    assert await toolbox.call(TOOL, {"ref": "INFY"}, act, lambda text: f"price {text}") == "1000"
    assert toolbox.calls == [
        ToolCall(
            tool="get_quotes",
            arguments={"ref": "INFY"},
            outcome="ok",
            summary="price 1000",
            duration_us=5,
        )
    ]


async def test_a_call_outside_the_scopes_is_recorded_and_nothing_is_called() -> None:
    called: list[str] = []
    toolbox = a_toolbox(Scope.READ_ACCOUNT, Scope.PLAN_WRITE, Scope.ORDERS_SUBMIT)

    async def act() -> None:
        called.append("acted")

    with pytest.raises(ToolDenied, match="get_quotes needs the scope read:market") as denied:
        await toolbox.call(TOOL, {"ref": "INFY"}, act, str)
    assert (denied.value.code, denied.value.tool) == ("TOOL_SCOPE_MISSING", TOOL)
    assert called == []
    assert toolbox.calls == [
        ToolCall(
            tool="get_quotes",
            arguments={"ref": "INFY"},
            outcome="denied",
            summary="needs the scope read:market",
            duration_us=0,
        )
    ]


async def test_an_error_passes_through_and_is_recorded() -> None:
    toolbox = a_toolbox()

    async def act() -> str:
        raise ConnectionError("feed down: secret host 10.0.0.1")

    with pytest.raises(ConnectionError):
        await toolbox.call(TOOL, {}, act, str)
    assert toolbox.calls == [
        ToolCall(
            tool="get_quotes",
            arguments={},
            outcome="failed",
            summary="raised an error",
            duration_us=5,
        )
    ]


async def test_a_long_summary_is_cut_and_a_clock_that_goes_back_counts_nothing() -> None:
    readings = iter([100, 40])
    toolbox = Toolbox(scopes=frozenset(Scope), microseconds=lambda: next(readings))

    async def act() -> str:
        return "x" * 600

    assert len(await toolbox.call(TOOL, {}, act, str)) == 600
    (call,) = toolbox.calls
    assert (len(call.summary), call.duration_us) == (500, 0)


# What each role reaches


def test_the_scopes_of_a_role_are_these_and_no_unknown_role_has_any() -> None:
    read = {Scope.READ_MARKET, Scope.READ_ACCOUNT}
    assert scopes_of(frozenset({"viewer"})) == read
    assert scopes_of(frozenset({"risk_admin", "admin"})) == read
    assert scopes_of(frozenset({"service"})) == read | {Scope.PLAN_WRITE}
    assert scopes_of(frozenset({"approver"})) == read | {Scope.ORDERS_SUBMIT}
    assert scopes_of(frozenset({"trader"})) == set(Scope)
    assert scopes_of(frozenset({"service", "viewer"})) == read | {Scope.PLAN_WRITE}
    assert scopes_of(frozenset({"root"})) == scopes_of(frozenset()) == frozenset()


def test_each_tool_needs_one_scope_and_only_reading_tools_call_themselves_so() -> None:
    by_scope = {scope: {tool.name for tool in EVERY_TOOL if tool.scope is scope} for scope in Scope}
    assert by_scope == {
        Scope.READ_MARKET: {"get_market_context", "get_market_hours", "get_quotes"},
        Scope.READ_ACCOUNT: {
            "get_gains",
            "get_standing",
            "list_exceptions",
            "list_fills",
            "list_orders",
            "list_stops",
            "view_account",
            "view_login",
        },
        Scope.PLAN_WRITE: {"compose_plan", "judge_plan", "request_approval"},
        Scope.ORDERS_SUBMIT: {"cancel_order", "reconcile_account", "submit_plan"},
    }
    assert {tool.scope for tool in EVERY_TOOL if tool.read_only} == {
        Scope.READ_MARKET,
        Scope.READ_ACCOUNT,
    }


Call = Callable[[Toolbox, FakeSystem], Awaitable[Any]]
CALLS: list[tuple[Call, str, dict[str, Any]]] = [
    (
        lambda box, system: get_quotes.get_quotes(box, system, [a_ref(), a_ref("TCS")]),
        "1 of 2 quotes",
        {"instruments": ["NSE:INFY", "NSE:TCS"]},
    ),
    (
        lambda box, system: list_exceptions.list_exceptions(box, system.records, CALLER),
        "1 open exceptions",
        {"account_id": "paper-1"},
    ),
    (
        lambda box, system: list_orders.list_orders(box, system, CALLER),
        "0 orders",
        {"account_id": "paper-1", "limit": 20},
    ),
    (
        lambda box, system: view_account.view_account(box, system, CALLER),
        "0 positions, 0 holdings, 0 orders, equity 1000000",
        {"account_id": "paper-1"},
    ),
    (
        lambda box, system: view_login.view_login(box, system, CALLER, probe=False),
        "nobody logs in here",
        {"account_id": "paper-1"},
    ),
    (
        lambda box, system: compose_plan.compose_plan(
            box, system, CALLER, a_trade_intent(), a_view(a_snapshot(), a_ledger())
        ),
        "plan plan-1",
        {"side": "BUY", "symbols": ["NSE:INFY"]},
    ),
    (
        lambda box, system: judge_plan.judge_plan(box, system, CALLER, composed()),
        "ALLOW",
        {"plan_id": "plan-1"},
    ),
    (
        lambda box, system: request_approval.request_approval(
            box, system, CALLER, composed(), judged(), title="BUY", proposed_by=None
        ),
        "card card-1",
        {"plan_id": "plan-1"},
    ),
    (
        lambda box, system: reconcile_account.reconcile_account(box, system, CALLER),
        "not possible: BROKER_UNAVAILABLE",
        {"account_id": "paper-1"},
    ),
    (
        lambda box, system: submit_plan.submit_plan(box, system, CALLER, "card-1"),
        "nothing sent: CARD_PENDING",
        {"card_id": "card-1"},
    ),
    (
        lambda box, system: cancel_order.cancel_order(box, system, CALLER, "ord-1"),
        "ord-1 CANCELLED",
        {"order_id": "ord-1"},
    ),
    (
        lambda box, system: get_standing.get_standing(box, system.insights, CALLER, seen()),
        "no equity known",
        {"account_id": "paper-1"},
    ),
    (
        lambda box, system: get_gains.get_gains(box, system.insights, CALLER, seen()),
        "0 closed, 0 points of equity",
        {"account_id": "paper-1"},
    ),
    (
        lambda box, system: list_fills.list_fills(box, system.insights, CALLER),
        "0 fills",
        {"account_id": "paper-1"},
    ),
    (
        lambda box, system: list_stops.list_stops(box, system.insights, CALLER),
        "0 kept",
        {"account_id": "paper-1"},
    ),
    (
        lambda box, system: get_market_context.get_market_context(box, system.insights, a_ref()),
        "0 bars NO_CANDLES",
        {"instrument": "NSE:INFY"},
    ),
    (
        lambda box, system: get_market_hours.get_market_hours(box, system.insights, CALLER),
        "NSE open: None",
        {"account_id": "paper-1"},
    ),
]
every_tool = pytest.mark.parametrize(
    ("tool", "call", "summary", "arguments"),
    [(tool, *row) for tool, row in zip(EVERY_TOOL, CALLS, strict=True)],
    ids=[tool.name for tool in EVERY_TOOL],
)


def a_system() -> FakeSystem:
    return FakeSystem(
        account=a_view(a_snapshot(), a_ledger()),
        prices=(a_quote(),),
        records=FakeRecords(differences=(a_stored_exception(),)),
        composed=composed(),
        judged=judged(),
        report=ExecutionReport(
            refusal=ToolRefusal(code="CARD_PENDING", message="not approved", remedy="Approve it.")
        ),
        reconciled=ToolRefusal(code="BROKER_UNAVAILABLE", message="down", remedy="Wait."),
        cancelled=a_submitted_order(OrderState.CANCELLED, 0),
    )


@every_tool
async def test_a_tool_asks_its_port_once_and_records_what_it_was_asked_and_gave(
    tool: Tool, call: Call, summary: str, arguments: dict[str, Any]
) -> None:
    toolbox, system = a_toolbox(tool.scope), a_system()
    await call(toolbox, system)
    assert len(system.asked) == 1
    assert toolbox.calls == [
        ToolCall(tool=tool.name, arguments=arguments, outcome="ok", summary=summary, duration_us=5)
    ]


@every_tool
async def test_a_tool_without_its_scope_asks_nothing(
    tool: Tool, call: Call, summary: str, arguments: dict[str, Any]
) -> None:
    toolbox, system = a_toolbox(*(set(Scope) - {tool.scope})), a_system()
    with pytest.raises(ToolDenied):
        await call(toolbox, system)
    assert system.asked == []
    assert [(made.tool, made.outcome) for made in toolbox.calls] == [(tool.name, "denied")]
