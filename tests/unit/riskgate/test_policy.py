"""Policies as values: overrides, hashes and what cannot be built."""

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from riskgate.contracts.instruments import Exchange, InstrumentRef
from riskgate.policy import (
    DEFAULT_POLICY,
    PEER_VERSION,
    ExposureLimits,
    KillSwitchLimits,
    Limits,
    OrderLimits,
    Override,
    Policy,
    scope_of,
)


def base(**exposure: Any) -> Limits:
    return Limits.model_validate({"exposure": exposure})


def override(*, may_loosen: bool = False, **blocks: Any) -> Override:
    return Override(limits=Limits.model_validate(blocks), may_loosen=may_loosen)


def test_a_policy_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        DEFAULT_POLICY.version = "2"  # type: ignore[misc]


def test_the_hash_of_a_changed_copy_is_its_own() -> None:
    original = DEFAULT_POLICY.policy_hash
    assert DEFAULT_POLICY.model_copy(update={"version": "2"}).policy_hash != original


def test_a_policy_kept_as_json_reads_back_with_its_hash() -> None:
    policy = Policy(
        limits=base(max_position_pct="0.2", max_net_exposure_x=1),
        symbols={"INFY": override(exposure={"max_position_pct": "0.1"})},
        strategies={
            "alpha": override(may_loosen=True, exposure={"max_net_exposure_x": None}),
        },
    )
    again = Policy.model_validate_json(policy.model_dump_json())
    assert (again, again.policy_hash) == (policy, policy.policy_hash)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"INFY": Override()}, {}),
        ({"INFY": override(exposure={})}, {}),
        (
            {"INFY": override(exposure={}, loss={"max_drawdown_pct": "0.1"})},
            {"INFY": override(loss={"max_drawdown_pct": "0.10"})},
        ),
    ],
)
def test_an_override_that_gives_nothing_is_no_part_of_the_hash(
    one: dict[str, Override], other: dict[str, Override]
) -> None:
    limits = Limits.model_validate({"loss": {"max_drawdown_pct": "0.1"}})
    hashes = {Policy(limits=limits, symbols=symbols).policy_hash for symbols in (one, other)}
    assert len(hashes) == 1


def test_a_limit_turned_off_by_an_override_differs_in_hash_from_one_left_out() -> None:
    limits = base(max_position_pct="0.1", max_net_exposure_x=1)
    given = {"max_position_pct": "0.1"}
    silent = Policy(limits=limits, symbols={"A": override(exposure=given)})
    off = {"A": override(may_loosen=True, exposure={**given, "max_net_exposure_x": None})}
    assert silent.policy_hash != Policy(limits=limits, symbols=off).policy_hash


def test_trip_rules_are_a_set_however_they_are_listed() -> None:
    one = KillSwitchLimits(trip_on_rules=("LOSS-002", "LOSS-001", "LOSS-002"))
    assert one.trip_on_rules == ("LOSS-001", "LOSS-002")


def test_a_percentage_is_the_fraction_to_the_last_digit() -> None:
    digits = "1." + "123456789" * 5
    limits = ExposureLimits.model_validate({"max_position_pct": f"{digits}%"})
    assert str(limits.max_position_pct) == "0.01" + "123456789" * 5


@pytest.mark.parametrize("text", ["1_0%", "%", "inf%", "nan%", "１０%", "1e1%", "10 %%"])
def test_a_percentage_is_plain_digits_before_the_sign(text: str) -> None:
    with pytest.raises(ValidationError, match="must be a number before the %"):
        ExposureLimits.model_validate({"max_position_pct": text})


def test_a_binary_number_is_refused_from_code_too() -> None:
    with pytest.raises(ValidationError, match="binary numbers lose paise"):
        ExposureLimits.model_validate({"max_position_pct": 0.1})


def test_a_list_without_entries_differs_from_no_list() -> None:
    hashes = {
        Policy(limits=Limits(order=OrderLimits(allow_list=names))).policy_hash
        for names in (None, frozenset[str]())
    }
    assert len(hashes) == 2


LOOSER: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"exposure": {"max_position_pct": "0.1"}}, {"exposure": {"max_position_pct": "0.2"}}),
    ({"exposure": {"max_open_orders": 5}}, {"exposure": {"max_open_orders": None}}),
    ({"margin": {"margin_fraction": "0.5"}}, {"margin": {"margin_fraction": "0.4"}}),
    ({"order": {"deny_list": ["A", "B"]}}, {"order": {"deny_list": ["A", "C", "D"]}}),
    ({"order": {"allow_list": ["A"]}}, {"order": {"allow_list": ["A", "B"]}}),
    ({"market": {"check_hours": True}}, {"market": {"check_hours": False}}),
    ({"market": {"mis_cutoff_minutes": 10}}, {"market": {"mis_cutoff_minutes": 5}}),
]


@pytest.mark.parametrize(("limits", "change"), LOOSER)
def test_a_looser_override_needs_to_say_so(limits: dict[str, Any], change: dict[str, Any]) -> None:
    own = Limits.model_validate(limits)
    with pytest.raises(ValidationError, match="may_loosen: true"):
        Policy(limits=own, symbols={"A": override(**change)})
    Policy(limits=own, symbols={"A": override(may_loosen=True, **change)})
    Policy(version=PEER_VERSION, limits=own, symbols={"A": override(**change)})


@pytest.mark.parametrize(("change", "limits"), LOOSER[:2] + LOOSER[4:])
def test_a_tighter_override_needs_to_say_nothing(
    limits: dict[str, Any], change: dict[str, Any]
) -> None:
    Policy(limits=Limits.model_validate(limits), symbols={"A": override(**change)})


def test_symbol_holds_before_strategy_before_policy_one_field_at_a_time() -> None:
    policy = Policy(
        limits=base(max_position_pct="0.5", max_gross_exposure_x=3, max_open_orders=9),
        symbols={
            "INFY": override(exposure={"max_position_pct": "0.1"}),
            "NSE:INFY": override(may_loosen=True, exposure={"max_position_pct": "0.2"}),
        },
        strategies={
            "alpha": override(exposure={"max_position_pct": "0.3", "max_gross_exposure_x": 2})
        },
    )
    scope = scope_of(policy, ("NSE:INFY", "INFY"), "alpha")
    assert scope.limits.exposure == ExposureLimits(
        max_position_pct=Decimal("0.2"), max_gross_exposure_x=Decimal(2), max_open_orders=9
    )
    assert scope.sources == {
        "exposure.max_position_pct": "symbol NSE:INFY",
        "exposure.max_gross_exposure_x": "strategy alpha",
    }
    assert scope_of(policy, ("NSE:TCS", "TCS"), "beta").limits == policy.limits


@pytest.mark.parametrize(
    ("version", "may_loosen", "holds"),
    [("1", False, "0.1"), ("1", True, "0.2"), (PEER_VERSION, False, "0.2")],
)
def test_a_symbol_beats_a_tighter_strategy_only_where_it_may_loosen(
    version: str, may_loosen: bool, holds: str
) -> None:
    policy = Policy(
        version=version,
        limits=base(max_position_pct="0.5"),
        symbols={"INFY": override(may_loosen=may_loosen, exposure={"max_position_pct": "0.2"})},
        strategies={"alpha": override(exposure={"max_position_pct": "0.1"})},
    )
    scope = scope_of(policy, ("INFY",), "alpha")
    assert scope.limits.exposure.max_position_pct == Decimal(holds)
    assert ("exposure.max_position_pct" in scope.loosened) is (holds == "0.2")


def test_two_persons_are_not_asked_below_where_nobody_is() -> None:
    approval = {"execute_without_approval_below_notional": 2, "four_eyes_above_notional": 1}
    with pytest.raises(ValidationError, match="four_eyes_above_notional is below"):
        Policy.model_validate({"approval": approval})


@pytest.mark.parametrize(
    ("lists", "denied"),
    [
        ({}, False),
        ({"deny_list": ["INFY"]}, True),
        ({"deny_list": ["NSE:INFY"]}, True),
        ({"deny_list": ["BSE:INFY"]}, False),
        ({"allow_list": []}, True),
        ({"allow_list": ["INFY"]}, False),
        ({"allow_list": ["INFY"], "deny_list": ["NSE:INFY"]}, True),
    ],
)
def test_an_instrument_is_denied_by_name_or_by_missing_from_the_allow_list(
    lists: dict[str, list[str]], denied: bool
) -> None:
    infy = InstrumentRef(exchange=Exchange.NSE, tradingsymbol="INFY")
    assert OrderLimits.model_validate(lists).denies(infy) is denied
