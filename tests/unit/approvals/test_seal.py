"""The seal binds an approval to everything that was shown."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.approvals.seal import SealedTerms, expired, seal, seal_holds
from riskgate.hashing import canonical_json
from tests.unit.riskgate.builders import ACCOUNT, NOW, changed

SECRET = b"s" * 32
TERMS = SealedTerms(
    tenant_id="tenant-1",
    account_id=ACCOUNT,
    card_id="card-1",
    plan_hash="a" * 64,
    policy_hash="b" * 64,
    expires_at=NOW,
)
GIVEN = seal(TERMS, secret=SECRET)

identifiers = st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9_.:\-]{0,63}\Z")
hashes = st.text("0123456789abcdef", min_size=64, max_size=64)
other_values = {
    "tenant_id": identifiers,
    "account_id": identifiers,
    "card_id": identifiers,
    "plan_hash": hashes,
    "policy_hash": hashes,
    "expires_at": st.integers(-(10**9), 10**9).map(lambda n: NOW + timedelta(microseconds=n)),
}


def test_a_seal_holds_for_the_very_same_terms_at_any_time() -> None:
    again = SealedTerms.model_validate_json(canonical_json(TERMS))
    assert seal_holds(again, secret=SECRET, given=GIVEN)
    assert len(GIVEN) == 64


def test_every_field_of_the_terms_is_under_the_seal() -> None:
    assert set(other_values) == set(SealedTerms.model_fields)


@given(st.sampled_from(sorted(other_values)), st.data())
def test_any_changed_field_breaks_the_seal(name: str, data: st.DataObject) -> None:
    value = data.draw(other_values[name].filter(lambda value: value != getattr(TERMS, name)))
    assert not seal_holds(changed(TERMS, **{name: value}), secret=SECRET, given=GIVEN)


def test_exchanged_fields_break_the_seal() -> None:
    swapped = changed(TERMS, plan_hash=TERMS.policy_hash, policy_hash=TERMS.plan_hash)
    assert not seal_holds(swapped, secret=SECRET, given=GIVEN)


@given(st.binary(min_size=1).filter(lambda secret: secret.rstrip(b"\0") != SECRET))
def test_another_secret_does_not_make_the_seal(secret: bytes) -> None:
    assert not seal_holds(TERMS, secret=secret, given=GIVEN)


@given(st.text("0123456789abcdef", max_size=70).filter(lambda text: text != GIVEN))
def test_a_made_up_seal_does_not_hold(made_up: str) -> None:
    assert not seal_holds(TERMS, secret=SECRET, given=made_up)


def test_an_approval_is_too_late_from_the_very_instant_of_expiry() -> None:
    tick = timedelta(microseconds=1)
    asked_at = [NOW - tick, NOW, NOW + tick]
    assert [expired(TERMS, now=now) for now in asked_at] == [False, True, True]
