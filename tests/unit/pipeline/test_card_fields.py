"""A card shows the plan's own figures, and nothing else decides what it says."""

from decimal import Decimal

from adapters.tariffs import indian_tariff
from app.pipeline.card_fields import plan_fields, plan_provenance
from app.planning.costs import plan_cost
from app.planning.inputs import PriceCollar
from riskgate.contracts.intents import Comparison, ProvenanceSource
from riskgate.contracts.orders import OrderType
from riskgate.engine import evaluate, exposure_change
from riskgate.policy import DEFAULT_POLICY
from tests.builders import a_decision, a_planning_input, a_trade_intent, offset, the_plan
from tests.unit.riskgate.builders import (
    a_gate_input,
    a_leg,
    a_quote,
    a_ref,
    an_entry_rule,
    changed,
)


def test_every_figure_of_a_card_is_the_plans_as_decimal_text() -> None:
    intent = a_trade_intent(
        order_type=OrderType.LIMIT,
        limit_price=Decimal("1000.50"),
        stop_loss=offset("price", 990),
        target=offset("price", 1020),
        entry_rules=(an_entry_rule(Comparison.LT, 1010),),
    )
    plan, decision = the_plan(a_planning_input(intent)), a_decision()
    banded = changed(a_quote(bid="999.50"), upper_circuit=Decimal("1100.00"))
    exposure = exposure_change(DEFAULT_POLICY, a_gate_input())
    fields = plan_fields(
        plan,
        decision,
        [banded, a_quote("TCS", 5)],
        exposure=exposure,
        cost=plan_cost(plan, indian_tariff()),
    )
    assert fields == {
        "side": "BUY",
        "symbols": ["NSE:INFY"],
        "order_type": "LIMIT",
        "product": "CNC",
        "validity": "DAY",
        "mode": "PAPER",
        "notional": "10005",
        "currency": "INR",
        "valid_until": "2026-03-02T06:15:00.000000Z",
        "loss_at_stop": "105",
        "loss_at_stop_pct": "0.0105",
        "loss_limit": None,
        "gain_at_target": "195",
        "cost": {
            "currency": "INR",
            "rates_on": "2026-03-02",
            "turnover": "10005",
            "lines": [
                {"charge": "stt", "amount": "10.01"},
                {"charge": "exchange", "amount": "0.3"},
                {"charge": "investor_protection", "amount": "0.01"},
                {"charge": "sebi", "amount": "0.01"},
                {"charge": "stamp_duty", "amount": "1.5"},
                {"charge": "gst", "amount": "0.06"},
            ],
            "total": "11.89",
            "leaving": "25.73",
            "breakeven_price": "1004.3",
        },
        "exposure": exposure.model_dump(mode="json"),
        "entry_rules": [
            {
                "instrument": {"exchange": "NSE", "tradingsymbol": "INFY"},
                "comparison": "lt",
                "price": "1010",
            }
        ],
        "legs": [
            {
                "instrument": "NSE:INFY",
                "name": "INFY",
                "side": "BUY",
                "quantity": "10",
                "slices": ["10"],
                "limit_price": "1000.5",
                "trigger_price": None,
                "reference_price": "1000.5",
                "notional": "10005",
                "sizing_note": "as stated",
                "stop_price": "990",
                "target_price": "1020",
                "loss_at_stop": "105",
                "gain_at_target": "195",
            }
        ],
        "notes": list(plan.notes),
        "verdict": "ALLOW",
        "policy_hash": decision.policy_hash,
        "evidence": [item.model_dump(mode="json") for item in decision.evidence],
        "waived": [],
        "kill_switch": None,
        "quotes": [
            {
                "instrument": "NSE:INFY",
                "last": "1000",
                "bid": "999.5",
                "ask": None,
                "source": "SIMULATED",
                "as_of": "2026-03-02T05:59:59.000000Z",
                "market_time": "2026-03-02T06:00:00.000000Z",
                "lower_circuit": None,
                "upper_circuit": "1100",
            }
        ],
    }


def test_a_limit_that_we_gave_says_so_and_the_order_type_keeps_the_persons_words() -> None:
    inputs = a_planning_input(
        quotes=(a_quote(ask=1000),),
        order_types=(OrderType.LIMIT,),
        collars=(PriceCollar(instrument=a_ref(), share=None),),
    )
    said = plan_provenance(the_plan(inputs))
    assert said.keys() - inputs.intent.provenance.keys() == {"limit_price"}
    assert said["limit_price"].source is ProvenanceSource.POLICY_DEFAULT
    assert said["order_type"] == inputs.intent.provenance["order_type"]


def test_without_such_a_limit_the_sources_are_the_intents_own() -> None:
    intent = a_trade_intent(order_type=OrderType.LIMIT, limit_price=Decimal(1000))
    assert plan_provenance(the_plan(a_planning_input(intent))) == intent.provenance


def test_what_a_trade_may_lose_at_its_stop_is_the_gates_own_limit() -> None:
    plan = the_plan(a_planning_input(a_trade_intent(stop_loss=offset("price", 990))))
    judged = evaluate(DEFAULT_POLICY, a_gate_input(a_leg(10, stop=990)))
    fields = plan_fields(plan, judged, [])
    assert (fields["loss_limit"], fields["loss_at_stop"]) == ("10000", "100")


def test_without_a_table_or_a_judged_book_the_card_shows_neither() -> None:
    fields = plan_fields(the_plan(a_planning_input()), a_decision(), [])
    assert (fields["cost"], fields["exposure"], fields["gain_at_target"]) == (None, None, None)
