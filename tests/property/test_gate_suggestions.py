"""What the gate offers instead of what it refuses passes, and is the most that does."""

from hypothesis import assume, event, given

from riskgate.contracts.decisions import Verdict
from riskgate.figures import exactly
from riskgate.judge import Judge, resized
from riskgate.suggest import changed, later, suggest
from tests.property.gate_cases import Case
from tests.property.gate_strategies import cases, thorough


@thorough(400)
@given(cases())
def test_a_modified_order_is_a_smaller_one_of_whole_lots_and_the_largest_that_passes(
    case: Case,
) -> None:
    judgement = case.judged()
    assert (judgement.allowed is None) == (judgement.verdict is not Verdict.MODIFY)
    if judgement.allowed is None:
        return
    asked, lot = case.candidate, case.candidate.listing.lot
    smaller = resized(asked, judgement.allowed)
    event("closes a part" if judgement.facts.closing else "only opens")
    assert 0 < smaller.quantity < asked.quantity
    assert smaller.sign == asked.sign
    again = case.judged(smaller)
    assert again.verdict is Verdict.ALLOW
    with exactly():
        assert sum(smaller.slices) == smaller.quantity
        assert smaller.quantity % lot == 0
        one_more = resized(asked, smaller.quantity + lot)
    if one_more.quantity <= asked.quantity:
        assert case.judged(one_more).verdict is not Verdict.ALLOW


@thorough(400)
@given(cases())
def test_a_suggestion_passes_and_with_one_lot_more_does_not(case: Case) -> None:
    judge, book, situation = Judge(case.policy), case.book(), case.situation()
    judgement = judge.judge(case.candidate, book, situation)
    suggestion = suggest(judge, judgement)
    event(f"{judgement.verdict}, {'nothing' if suggestion is None else 'a suggestion'}")
    if judgement.verdict is not Verdict.DENY:
        assert suggestion is None
    if suggestion is None:
        return
    then = later(situation, suggestion)
    assert judge.judge(changed(case.candidate, suggestion), book, then).verdict is Verdict.ALLOW
    assert suggestion.text
    if suggestion.quantity is None:
        return
    with exactly():
        assert suggestion.quantity % case.candidate.listing.lot == 0
        one_more = suggestion.quantity + case.candidate.listing.lot
    assert 0 < suggestion.quantity < case.candidate.quantity
    assume(one_more <= case.candidate.quantity)
    larger = changed(case.candidate, suggestion._replace(quantity=one_more))
    assert judge.judge(larger, book, then).verdict is not Verdict.ALLOW
