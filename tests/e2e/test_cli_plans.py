"""Plan, validate and execute at the terminal, on a real server."""

import json

from tests.e2e.test_cli_journey import said
from tests.servers import Server


def as_json(server: Server, *arguments: str, code: int = 0) -> dict[str, object]:
    done = server.command(*arguments, "--json")
    assert done.returncode == code, done.stdout + done.stderr
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


def plan_of(server: Server, words: str) -> str:
    made = as_json(server, "plan", words)
    assert made["outcome"] == "AWAITING_APPROVAL", made
    return str(made["plan_id"])


def test_words_become_a_plan_that_is_validated_and_dry_run(server: Server) -> None:
    shown = said(server, "plan", "buy 10 INFY at market, cnc")
    assert "plan pln_" in shown
    assert "card crd_" in shown
    plan = plan_of(server, "buy 11 INFY at market, cnc")

    checked = as_json(server, "validate", plan, "--client-id", "1")
    assert checked["status"] in {"PASS", "WARNING"}
    assert "VALIDATION" in said(server, "validate", plan, "--client-id", "1")

    report = as_json(server, "execute", plan, "--client-id", "1")
    assert (report["mode"], report["status"]) == ("DRY_RUN", "SUCCESS")
    again = said(server, "execute", plan, "--client-id", "1")
    assert "Simulated only; nothing was sent to a broker" in again
    assert "nothing was done again" in again


def test_what_is_blocked_ends_with_1_and_says_why(server: Server) -> None:
    plan = plan_of(server, "buy 12 INFY at market, cnc")
    foreign = as_json(server, "execute", plan, "--client-id", "other", code=1)
    waiting = as_json(server, "execute", plan, "--client-id", "1", "--paper", code=1)
    live = said(server, "execute", plan, "--client-id", "1", "--live", code=1)

    assert (foreign["status"], foreign["codes"]) == ("BLOCKED", ["TENANT_MISMATCH"])
    assert (waiting["status"], waiting["codes"]) == ("BLOCKED", ["APPROVAL_REQUIRED"])
    for code in ("VALIDATION_MISSING", "ACKNOWLEDGEMENT_MISSING", "LIVE_SWITCHED_OFF"):
        assert code in live
    assert "Nothing was sent." in live
    assert "FAIL" in said(server, "validate", plan, "--client-id", "other", code=1)


def test_an_approved_plan_is_executed_once(server: Server) -> None:
    made = as_json(server, "plan", "buy 13 INFY at market, cnc")
    with server.client() as client:
        client.post(f"/api/v1/cards/{made['card_id']}/approve").raise_for_status()
    plan = str(made["plan_id"])
    first = as_json(server, "execute", plan, "--client-id", "1", "--paper")
    second = as_json(server, "execute", plan, "--client-id", "1", "--paper")

    assert first["status"] == "SUCCESS"
    assert second["already_executed"] is True
    assert second["execution_id"] == first["execution_id"]


def test_wrong_usage_ends_with_2_and_an_unknown_plan_with_1(server: Server) -> None:
    assert "--client-id" in said(server, "execute", "pln_x", code=2)
    said(server, "execute", "pln_x", "--client-id", "1", "--paper", "--live", code=2)
    said(server, "validate", "../cards", "--client-id", "1", code=2)
    assert "NOT_FOUND" in said(server, "validate", "pln_nothing", "--client-id", "1", code=1)
    unknown = as_json(server, "execute", "pln_nothing", "--client-id", "1", code=1)
    assert (unknown["code"], unknown["status"]) == ("NOT_FOUND", "BLOCKED")
    keyless = Server(home=server.home, settings={}, port=server.port, key="")
    assert "SIGMATRADER_API_KEY" in said(keyless, "plan", "buy 1 INFY", code=2)
