"""The page has a word for everything the server may tell it."""

import re
from pathlib import Path

from adapters.ports import LoginState
from app.cli import charts
from app.identity.principal import ROLES_WITH, Permission
from app.protection.drain import MAY_BECOME, State
from app.reconciliation.actions import Action
from riskgate.contracts.exposures import ExposureOf
from riskgate.contracts.orders import FINAL_ORDER_STATES, OrderState
from riskgate.contracts.traces import DeltaCause
from riskgate.tariff import ChargeKind

ROOT = Path(__file__).resolve().parents[3]
STATIC = ROOT / "app" / "web" / "static"


def names_in(script: str, constant: str) -> set[str]:
    """Return the capital names at the first level of a constant object or list of a script."""
    source = (STATIC / script).read_text()
    match = re.search(rf"const {constant} = (.+?)\n?[}}\])]+;\n", source, re.DOTALL)
    assert match is not None, constant
    keys = set(re.findall(r"^  ([A-Z_]+):", match[1], re.MULTILINE))
    return keys or set(re.findall(r'"([a-zA-Z_]+)"', match[1]))


def test_every_state_of_an_order_is_explained_and_the_final_ones_are_known() -> None:
    explained = names_in("states.js", "ORDER_STATES")
    assert set(OrderState) <= explained
    assert names_in("states.js", "FINAL_STATES") == {state.value for state in FINAL_ORDER_STATES}
    reference = (ROOT / "docs" / "reference" / "order-states.md").read_text()
    listed = set(re.findall(r"^\| ([A-Z_]+) \|", reference, re.MULTILINE))
    assert listed == set(OrderState)


def test_every_cause_and_every_action_has_its_words() -> None:
    assert names_in("exceptions.js", "CAUSES") == set(DeltaCause)
    assert names_in("exceptions.js", "ACTIONS") == set(Action)


def test_every_state_of_a_login_has_its_words() -> None:
    assert names_in("connection.js", "STATES") == set(LoginState)


def test_the_page_offers_what_an_account_may_become() -> None:
    source = (STATIC / "controls.js").read_text()
    offered = {
        state: set(re.findall(r'"([A-Z]+)"', after))
        for state, after in re.findall(r"^  ([A-Z]+): \[(.+)\],$", source, re.MULTILINE)
    }
    asked_for = {
        state.value: {to.value for to in after if to is not State.DRAINED}
        for state, after in MAY_BECOME.items()
    }
    assert offered == asked_for


def test_buttons_are_kept_from_those_the_server_would_refuse() -> None:
    assert names_in("session.js", "OPERATORS") == set(ROLES_WITH[Permission.OPERATE])
    assert names_in("session.js", "STOPPERS") == set(ROLES_WITH[Permission.STOP])
    assert names_in("session.js", "CONNECTORS") == set(ROLES_WITH[Permission.CONNECT])
    assert 'includes("risk_admin")' in (STATIC / "session.js").read_text()
    assert {role.value for role in ROLES_WITH[Permission.RESTART]} == {"risk_admin"}


def test_every_charge_and_every_total_has_its_words_in_the_page_and_the_terminal() -> None:
    source = (STATIC / "ticket.js").read_text()
    said = re.search(r"const CHARGES = \{(.+?)\n\};", source, re.DOTALL)
    assert said is not None
    assert set(re.findall(r"^  ([a-z_]+):", said[1], re.MULTILINE)) == {*ChargeKind, "total"}
    assert charts.CHARGES.keys() == set(ChargeKind)
    totals = set(ExposureOf) - {ExposureOf.POSITION}
    named = re.search(r"const NAMES = \{(.+)\};", (STATIC / "charts.js").read_text())
    assert named is not None
    assert set(re.findall(r"([A-Z]+):", named[1])) == totals == charts.NAMES.keys()
