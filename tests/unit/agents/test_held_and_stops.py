"""Parts of what is held, stops and their distance, and which cancels are asked about first."""

from dataclasses import dataclass, replace
from decimal import Decimal

import pytest
from langgraph.runtime import Runtime

from agents.context import TurnContext, Workspace
from agents.insights.halt import NOT_BY_WORDS, halt_insight
from agents.insights.held import part_insight
from agents.insights.insight import plain
from agents.insights.protected import is_missing, protection_sentences
from agents.insights.stops import distance_pct, stops_insight, unguarded
from agents.intent.model import (
    UNGUARDED,
    Draft,
    HeldPosition,
    MessageKind,
    OpenOrder,
    ParseContext,
    ParsedMessage,
    QueryDetail,
    QueryTopic,
    TradeDraft,
)
from agents.nodes.card import NOT_CHANGED, card
from agents.nodes.guarding import guards_among
from agents.nodes.parse import STOP_STAYS, WITHDRAWN, parse
from agents.reading.model_port import Shows, TurnModel
from agents.reading.reader import Understood
from riskgate.contracts.insights import StopFact
from riskgate.contracts.instruments import Instrument, InstrumentRef
from riskgate.contracts.intents import Provenance, ProvenanceSource
from riskgate.contracts.orders import Product, Side
from riskgate.contracts.snapshots import Position
from riskgate.contracts.traces import TurnOutcome
from tests.builders import sizing
from tests.fakes.turn import FakeSystem, a_context, a_view
from tests.unit.agents.test_nodes import composed, judged, state_with
from tests.unit.riskgate.builders import (
    NOW,
    a_ledger,
    a_position,
    a_quote,
    a_ref,
    a_snapshot,
    an_instrument,
)
from tools.ports import AccountView, Relay, ToolRefusal

DECIDED = ToolRefusal(code="CARD_ALREADY_DECIDED", message="the card is APPROVED", remedy="Ask.")


def at_work(context: TurnContext) -> Runtime[TurnContext]:
    return Runtime(context=context)


def master(ref: InstrumentRef) -> Instrument:
    return an_instrument(ref.tradingsymbol)


def a_book() -> AccountView:
    """INFY gains 1000 and is up, TCS loses 500 and is down, SBIN has no price."""
    quotes = (
        a_quote("INFY", 1000).model_copy(update={"previous_close": Decimal(990)}),
        a_quote("TCS", 850).model_copy(update={"previous_close": Decimal(900)}),
    )
    held = (a_position(10, "INFY"), a_position(10, "TCS"), a_position(5, "SBIN"))
    return a_view(a_snapshot(positions=held, quotes=quotes), a_ledger())


@pytest.mark.parametrize(
    ("part", "names", "said"),
    [
        (QueryDetail.WINNERS, ["NSE:INFY"], "In profit: NSE:INFY +₹1,000.00."),
        (QueryDetail.LOSERS, ["NSE:TCS"], "In loss: NSE:TCS -₹500.00."),
        (
            QueryDetail.LARGEST,
            ["NSE:INFY", "NSE:TCS"],
            "Largest first: NSE:INFY +₹10,000.00; NSE:TCS +₹8,500.00.",
        ),
        (
            QueryDetail.SMALLEST,
            ["NSE:TCS", "NSE:INFY"],
            "Smallest first: NSE:TCS +₹8,500.00; NSE:INFY +₹10,000.00.",
        ),
        (QueryDetail.UP_TODAY, ["NSE:INFY"], "Up today: NSE:INFY +1.01 %."),
        (QueryDetail.DOWN_TODAY, ["NSE:TCS"], "Down today: NSE:TCS -5.56 %."),
    ],
)
def test_a_part_of_what_is_held_is_told_with_its_figure(
    part: QueryDetail, names: list[str], said: str
) -> None:
    insight = part_insight(a_book(), QueryTopic.POSITIONS, part, master)
    rows = insight.fields["positions"]
    assert isinstance(rows, list)
    assert [row["instrument"] for row in rows if isinstance(row, dict)] == names
    assert insight.said == (said, "No figure is known for NSE:SBIN.")


def test_an_empty_part_says_so() -> None:
    book = a_view(a_snapshot(), a_ledger())
    insight = part_insight(book, QueryTopic.HOLDINGS, QueryDetail.LOSERS, master)
    assert insight.said == ("Nothing of it is in loss.",)


def a_stop(**changes: object) -> StopFact:
    fields = {
        "entry_order_id": "ord-1",
        "instrument": a_ref("INFY"),
        "side": Side.BUY,
        "product": Product.CNC,
        "stop_price": Decimal(980),
        "target_price": Decimal(1030),
        "status": "OPEN",
        "stop_rests": True,
        "stop_order_ids": ("ord-2",),
        "stop_quantity": Decimal(10),
        "stop_since": NOW,
    }
    return StopFact.model_validate(fields | changes)


def test_a_stop_is_told_with_its_distance_and_who_holds_it() -> None:
    insight = stops_insight(a_book(), [a_stop()], (), [a_quote("INFY", 1000)])
    assert insight.said[0].startswith(
        "NSE:INFY: stop ₹980.00 (2 % below the last price), at the broker"
    )
    assert "target ₹1,030.00 (3 % above the last price), watched by SigmaTrader" in insight.said[0]
    assert insight.said[1] == "Held without a stop at the broker: NSE:TCS, NSE:SBIN."


def test_a_stop_that_does_not_rest_leaves_its_position_unguarded() -> None:
    away = a_stop(stop_rests=False, stop_order_ids=(), note="the market is closed")
    insight = stops_insight(a_book(), [away], (a_ref("INFY"),), [])
    assert insight.said == (
        "NSE:INFY: stop ₹980.00, not at the broker now; target ₹1,030.00, watched by SigmaTrader,"
        " only while the server runs (the market is closed).",
        "Held without a stop at the broker: NSE:INFY.",
    )
    assert Position.model_validate(unguarded(a_book(), [away])[0]).instrument == a_ref("INFY")


def test_the_stop_of_an_entry_that_waits_is_told_as_placed_once_it_fills() -> None:
    waiting = a_stop(stop_rests=False, stop_order_ids=(), status="WAITING", waits_for_fill=True)
    insight = stops_insight(a_book(), [waiting], (a_ref("INFY"),), [])
    assert insight.said[0] == (
        "NSE:INFY: stop ₹980.00, placed once the order fills; target ₹1,030.00, placed once the"
        " order fills."
    )
    assert not is_missing(waiting)
    assert protection_sentences([waiting]) == [
        "The stop of NSE:INFY at ₹980.00 is placed once the order fills; the target at ₹1,030.00"
        " is placed once the order fills."
    ]


def test_no_distance_is_told_without_a_price() -> None:
    assert distance_pct(Decimal(980), None) is None
    assert distance_pct(None, Decimal(1000)) is None
    assert distance_pct(Decimal(990), Decimal(1000)) == Decimal("-1.00")


def test_how_to_stop_trading_comes_before_the_limits() -> None:
    insight = halt_insight(plain("Risk", "All is well."))
    assert insight.said[0] == NOT_BY_WORDS
    assert insight.said[-1] == "All is well."


def an_order(side: Side, *, trigger: bool = True, symbol: str = "INFY") -> OpenOrder:
    return OpenOrder(
        order_id=f"ord-{symbol}", instrument=a_ref(symbol), side=side, waits_for_trigger=trigger
    )


def held(quantity: int) -> tuple[HeldPosition, ...]:
    return (HeldPosition(instrument=a_ref("INFY"), quantity=Decimal(quantity)),)


@pytest.mark.parametrize(
    ("order", "positions", "guards"),
    [
        (an_order(Side.SELL), held(10), True),
        (an_order(Side.BUY), held(-10), True),
        (an_order(Side.SELL), (), True),
        (an_order(Side.BUY), (), False),
        (an_order(Side.BUY), held(10), False),
        (an_order(Side.SELL), held(-10), False),
        (an_order(Side.SELL, trigger=False), held(10), False),
    ],
)
def test_an_order_guards_what_it_would_leave(
    order: OpenOrder, positions: tuple[HeldPosition, ...], guards: bool
) -> None:
    context = ParseContext(now=NOW, positions=positions, open_orders=(order,))
    assert bool(guards_among(context, [order.order_id])) is guards


async def test_a_cancel_that_takes_a_stop_off_is_asked_about_with_the_orders_kept() -> None:
    orders = (an_order(Side.SELL), an_order(Side.BUY, trigger=False, symbol="TCS"))
    message = ParsedMessage(kind=MessageKind.CANCEL, cancel_all=True)
    context = ParseContext(now=NOW, positions=held(10), open_orders=orders)
    state = await parse(
        {"message": "cancel all orders"},
        at_work(a_context(FakeSystem(parsed=message), parse_context=context)),
    )
    assert (state["path"], state["cancels"]) == ("ask", ["ord-INFY", "ord-TCS"])
    assert "NSE:INFY" in state["question"]
    assert state["parsed"]["missing"] == [UNGUARDED]


async def test_a_cancel_that_a_person_confirmed_is_not_asked_about_again() -> None:
    message = ParsedMessage(kind=MessageKind.CANCEL, order_ids=("ord-INFY",))
    draft = Draft(
        trade=TradeDraft(), missing=(UNGUARDED,), message="cancel all", cancels=("ord-INFY",)
    )
    context = ParseContext(
        now=NOW, positions=held(10), open_orders=(an_order(Side.SELL),), draft=draft
    )
    state = await parse(
        {"message": "yes"},
        at_work(a_context(FakeSystem(parsed=message), parse_context=context)),
    )
    assert state["path"] == "cancel"


async def test_moving_a_stop_is_refused_with_what_can_be_done() -> None:
    message = ParsedMessage(
        kind=MessageKind.MODIFY, detail=QueryDetail.STOPS, symbols=(a_ref("INFY"),)
    )
    state = await parse({"message": "x"}, at_work(a_context(FakeSystem(parsed=message))))
    assert (state["path"], state["explanations"]) == ("stop", [STOP_STAYS])


def a_span(text: str, start: int) -> Provenance:
    return Provenance(
        source=ProvenanceSource.USER_SPAN, text=text, start=start, end=start + len(text)
    )


def a_bare_number(number: int, *, behind: bool = True) -> ParsedMessage:
    words = {"side": a_span("buy", 0)}
    places = (4, 9) if behind else (9, 4)
    words |= {"symbols": a_span("infy", places[0]), "sizing": a_span(str(number), places[1])}
    trade = TradeDraft(
        side=Side.BUY,
        symbols=(a_ref(),),
        sizing=sizing("quantity", number),
        provenance=words,
    )
    return ParsedMessage(kind=MessageKind.TRADE, trades=(trade,))


@pytest.mark.parametrize(
    ("message", "path"),
    [
        (a_bare_number(990), "ask"),
        (a_bare_number(10), "plan"),
        (a_bare_number(990, behind=False), "plan"),
    ],
)
async def test_a_bare_number_near_the_price_behind_the_name_is_asked_about(
    message: ParsedMessage, path: str
) -> None:
    system = FakeSystem(parsed=message, prices=(a_quote("INFY", 1000),))
    state = await parse({"message": "buy infy 990"}, at_work(a_context(system)))
    assert state["path"] == path
    sized = state["parsed"]["trades"][0]["sizing"]
    assert (sized is None) is (path == "ask")


WAITING = Draft(trade=a_bare_number(10).trades[0], missing=(), message="m", card_id="card-0")


async def test_a_no_withdraws_the_card_that_waits() -> None:
    system = FakeSystem(parsed=ParsedMessage(kind=MessageKind.CHAT, drops_draft=True))
    context = a_context(system, parse_context=ParseContext(now=NOW, draft=WAITING))
    state = await parse({"message": "never mind"}, at_work(context))
    assert state["explanations"] == [WITHDRAWN]
    assert system.asked == ["parse", "withdraw card-0"]


async def test_a_change_names_the_card_that_it_takes_the_place_of() -> None:
    changed = a_bare_number(20).model_copy(update={"amends_draft": True})
    system = FakeSystem(parsed=changed, prices=(a_quote("INFY", 1000),))
    context = a_context(system, parse_context=ParseContext(now=NOW, draft=WAITING))
    state = await parse({"message": "make it 20"}, at_work(context))
    assert (state["path"], state["supersedes"]) == ("plan", "card-0")


@pytest.mark.parametrize("refusal", [None, DECIDED])
async def test_the_card_before_is_withdrawn_before_the_new_one_is_shown(
    refusal: ToolRefusal | None,
) -> None:
    system = FakeSystem(withdrawn=refusal)
    context = a_context(system, workspace=Workspace(composed=composed(), judged=judged()))
    state = state_with(a_bare_number(20), supersedes="card-0")
    after = await card(state, at_work(context))
    if refusal is None:
        assert system.asked == ["withdraw card-0", "request_approval"]
        assert after["outcome"] is TurnOutcome.AWAITING_APPROVAL
    else:
        assert system.asked == ["withdraw card-0"]
        assert after["error_code"] == DECIDED.code
        assert after["explanations"][0] == NOT_CHANGED


@dataclass
class RememberingSystem(FakeSystem):
    """Remembers the draft that a reader was shown."""

    shown: Draft | None = None

    async def read(
        self, message: str, context: ParseContext, model: TurnModel, looker: Shows
    ) -> Understood:
        self.shown = context.draft
        return await super().read(message, context, model, looker)


@pytest.mark.parametrize("relayed", [True, False])
async def test_a_program_changes_and_withdraws_no_card_of_a_persons(relayed: bool) -> None:
    system = RememberingSystem(parsed=ParsedMessage(kind=MessageKind.CHAT))
    context = a_context(system, parse_context=ParseContext(now=NOW, draft=WAITING))
    relay = Relay(channel="mcp", client="host", user="usr-1") if relayed else None
    caller = context.caller.model_copy(update={"relay": relay})
    await parse({"message": "make it 20"}, at_work(replace(context, caller=caller)))
    assert (system.shown is None) is relayed
