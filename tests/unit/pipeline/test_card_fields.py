"""A card shows the plan's own figures, and nothing else decides what it says."""

from decimal import Decimal

from app.pipeline.card_fields import plan_fields, plan_provenance
from app.planning.inputs import PriceCollar
from riskgate.contracts.intents import Comparison, ProvenanceSource
from riskgate.contracts.orders import OrderType
from tests.builders import a_decision, a_planning_input, a_trade_intent, offset, the_plan
from tests.unit.riskgate.builders import a_quote, a_ref, an_entry_rule


def test_every_figure_of_a_card_is_the_plans_as_decimal_text() -> None:
    intent = a_trade_intent(
        order_type=OrderType.LIMIT,
        limit_price=Decimal("1000.50"),
        stop_loss=offset("price", 990),
        entry_rules=(an_entry_rule(Comparison.LT, 1010),),
    )
    plan, decision = the_plan(a_planning_input(intent)), a_decision()
    fields = plan_fields(plan, decision, [a_quote(bid="999.50"), a_quote("TCS", 5)])
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
                "target_price": None,
                "loss_at_stop": "105",
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
