"""What another policy makes of one plan, in quantities, rupees and rules."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from app.gate.effect import Effect, Kind, Tally, compare, incomparable, no_effect
from riskgate.contracts.decisions import KillSwitchLevel
from riskgate.inputs import GateInput
from riskgate.policy import Policy
from tests.unit.gate.test_policy_difference import policies
from tests.unit.riskgate.builders import WIDE_POLICY, a_gate_input, a_leg, a_policy, decide


def effect(gate_input: GateInput, old: Policy, new: Policy) -> Effect:
    return compare(gate_input.plan, decide(gate_input, old), decide(gate_input, new))


# Ten units at 1,000.
TEN, ZERO = Decimal(10_000), Decimal(0)
ANY = a_policy(WIDE_POLICY)
FEW = a_policy(WIDE_POLICY, order={"max_order_quantity": 4})
NONE = a_policy(WIDE_POLICY, order={"deny_list": frozenset({"INFY"})})


def test_a_plan_that_is_refused_now_counts_with_its_whole_notional() -> None:
    found = effect(a_gate_input(a_leg(10)), ANY, NONE)
    assert (found.kind, found.refused, found.allowed) == (Kind.NEWLY_DENIED, TEN, ZERO)
    assert (found.fires, found.falls_silent) == (("ORD-012",), ())


def test_a_plan_that_passes_now_counts_with_its_whole_notional() -> None:
    found = effect(a_gate_input(a_leg(10)), NONE, ANY)
    assert (found.kind, found.refused, found.allowed) == (Kind.NEWLY_ALLOWED, ZERO, TEN)
    assert (found.fires, found.falls_silent) == ((), ("ORD-012",))


def test_a_smaller_quantity_counts_with_what_is_cut_off() -> None:
    found = effect(a_gate_input(a_leg(10)), ANY, FEW)
    assert (found.kind, found.refused) == (Kind.CHANGED_QUANTITY, Decimal(6_000))
    assert (found.before, found.after) == ({0: Decimal(10)}, {0: Decimal(4)})
    assert effect(a_gate_input(a_leg(10)), NONE, FEW).kind is Kind.NEWLY_ALLOWED


@given(policies(), st.sampled_from([1, 10, 11, 30]), st.sampled_from(KillSwitchLevel))
def test_a_policy_against_itself_changes_nothing(
    policy: Policy, quantity: int, level: KillSwitchLevel
) -> None:
    gate_input = a_gate_input(a_leg(quantity), kill_switch=level)
    found = effect(gate_input, policy, policy)
    assert (found.kind, found.refused, found.allowed) == (Kind.SAME, ZERO, ZERO)
    assert (found.fires, found.falls_silent) == ((), ())


@given(policies(), policies(), st.sampled_from([1, 10, 11, 30]))
def test_there_and_back_is_the_same_amount(old: Policy, new: Policy, quantity: int) -> None:
    gate_input = a_gate_input(a_leg(quantity))
    there, back = effect(gate_input, old, new), effect(gate_input, new, old)
    assert (there.refused, there.allowed) == (back.allowed, back.refused)
    assert (there.fires, there.falls_silent) == (back.falls_silent, back.fires)


def test_an_answer_that_comes_out_otherwise_again_is_incomparable() -> None:
    gate_input = a_gate_input(a_leg(10))
    plan = gate_input.plan
    told = {name: decide(gate_input, one) for name, one in (("any", ANY), ("few", FEW))}
    denied = decide(gate_input, NONE)
    both = decide(gate_input.model_copy(update={"broker": None}), NONE)
    assert not incomparable(plan, told["any"], told["any"])
    assert incomparable(plan, told["any"], told["few"])
    assert incomparable(plan, told["any"], denied)
    # Refused both times, and again for a reason more: lifting the first would not show.
    assert not incomparable(plan, denied, denied)
    assert incomparable(plan, denied, both)
    found = no_effect(plan, told["any"])
    assert (found.kind, found.refused, found.allowed) == (Kind.INCOMPARABLE, ZERO, ZERO)


def test_sums_grow_by_effects() -> None:
    tally = Tally()
    for old, new in ((ANY, NONE), (NONE, ANY), (ANY, ANY)):
        tally.add(effect(a_gate_input(a_leg(10)), old, new))
    assert (tally.refused, tally.allowed) == (TEN, TEN)
    assert tally.kinds == {Kind.NEWLY_DENIED: 1, Kind.NEWLY_ALLOWED: 1, Kind.SAME: 1}
