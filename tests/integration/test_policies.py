"""Policies are checked, proposed, approved by the right people, and hold from the next verdict."""

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from app.cli.main import app
from app.cli.policy import replay_recorded
from app.cli.running import with_application
from app.errors import Forbidden
from app.gate.policies import OPERATOR, Proposal
from app.identity.principal import OWNER_TENANT, Principal, Role
from app.persistence.location import DatabaseLocation
from app.settings import Settings
from riskgate.contracts.orders import ExecutionMode
from riskgate.policy import parse_policy
from tests.integration.benches import a_bench
from tests.integration.checker import check
from tests.integration.conftest import Desk
from tests.integration.driving import approve, as_owner, person, propose, rows, say

POLICIES = "/api/v1/policies"
# Ten INFY at about 1,500 are about 15,000.
SMALL = 'version: "1"\nlimits:\n  order: {max_order_value: 1000}\n'
WIDE = 'version: "1"\nlimits:\n  order: {max_order_value: 5000000}\n'
FOUR_EYES = 'version: "1"\nlimits:\n  approval: {policy_change_four_eyes: true}\n'


async def put(client: httpx.AsyncClient, text: str, **more: Any) -> httpx.Response:
    headers = more.pop("headers", {})
    return await client.put(POLICIES, json={"text": text, **more}, headers=headers)


async def activated(client: httpx.AsyncClient, text: str) -> dict[str, Any]:
    reply = await put(client, text, activate=True)
    assert reply.status_code == 200, reply.text
    answer: dict[str, Any] = reply.json()
    return answer


async def decide(client: httpx.AsyncClient, change_id: str, how: str = "approve") -> httpx.Response:
    return await client.post(f"{POLICIES}/changes/{change_id}/{how}")


async def in_force(client: httpx.AsyncClient) -> str:
    answer = (await client.get(f"{POLICIES}/current")).json()
    return str(answer["policy"]["policy_hash"])


def actions(location: DatabaseLocation) -> list[dict[str, Any]]:
    found = rows(
        location,
        "SELECT actor, action, body FROM audit_log WHERE action LIKE 'policy.%%' ORDER BY seq",
    )
    return [{**row["body"], "actor": row["actor"], "action": row["action"]} for row in found]


async def test_a_put_policy_decides_on_the_very_next_order_without_a_restart(
    desk: Desk, location: DatabaseLocation
) -> None:
    async with desk.client() as client:
        before = await say(client, "buy 10 INFY at market, cnc")
        answer = await activated(client, SMALL)
        after = await say(client, "buy 10 INFY at market, cnc")
        decision = (await client.get(f"/api/v1/decisions/{after['decision_id']}")).json()

    assert before["outcome"] == "AWAITING_APPROVAL"
    assert after["outcome"] == "DENIED"
    expected = parse_policy(SMALL).policy_hash
    assert (answer["policy_hash"], answer["in_force"]) == (expected, expected)
    assert answer["change"]["status"] == "ACTIVE"
    verdict = decision["decision"]["riskgate_result"]
    assert verdict["policy_hash"] == expected
    assert "ORD-003" in {one["rule_id"] for one in verdict["violations"]}
    check(location)


async def test_a_proposal_changes_nothing_until_it_is_approved(desk: Desk) -> None:
    async with desk.client() as client:
        old = await in_force(client)
        change = (await put(client, SMALL, comment="smaller")).json()["change"]
        waiting = await in_force(client)
        listed = (await client.get(f"{POLICIES}/changes")).json()["rows"]
        done = (await decide(client, change["change_id"])).json()
        again = await decide(client, change["change_id"])
        policies = (await client.get(POLICIES)).json()["rows"]

    assert (waiting, change["status"], change["from_hash"]) == (old, "PROPOSED", old)
    assert [one["change_id"] for one in listed] == [change["change_id"]]
    assert (done["change"]["status"], done["in_force"]) == ("ACTIVE", change["to_hash"])
    assert again.json()["change"] == done["change"]
    marked = [one["policy_hash"] for one in policies if "paper-inr" in one["accounts"]]
    assert marked == [change["to_hash"]]
    assert policies[0]["policy_hash"] == change["to_hash"]


async def test_what_is_looser_and_what_the_linter_says_is_kept_with_the_change(
    desk: Desk, location: DatabaseLocation
) -> None:
    async with desk.client() as client:
        tighter = (await put(client, SMALL)).json()["change"]
        looser = (await put(client, WIDE + "  data: {quote_age_max_s: 900}\n")).json()["change"]

    assert (tighter["loosens"], looser["loosens"]) == (False, True)
    paths = {one["path"]: one["direction"] for one in looser["differences"]}
    assert paths == {
        "limits.order.max_order_value": "looser",
        "limits.data.quote_age_max_s": "looser",
    }
    assert [one["code"] for one in looser["findings"]] == ["POLICY_QUOTE_AGE_LONG"]
    recorded = actions(location)
    assert [one["action"] for one in recorded] == ["policy.propose", "policy.propose"]
    assert recorded[1]["loosened"] == sorted(paths, reverse=True)
    assert recorded[1]["findings"] == ["POLICY_QUOTE_AGE_LONG"]


async def test_under_four_eyes_another_person_must_approve(
    desk: Desk, location: DatabaseLocation
) -> None:
    second = await person(desk, "second", Role.RISK_ADMIN)
    async with desk.client() as client, desk.client(second) as other:
        await activated(client, FOUR_EYES)
        # The new policy asks for nobody: the one in force decides.
        at_once = await put(client, WIDE, activate=True)
        change = (await put(client, WIDE)).json()["change"]
        own = await decide(client, change["change_id"])
        still = await in_force(client)
        done = await decide(other, change["change_id"])
        now = await in_force(client)

    assert (at_once.status_code, at_once.json()["code"]) == (403, "FOUR_EYES_REQUIRED")
    assert (own.status_code, own.json()["code"]) == (403, "FOUR_EYES_REQUIRED")
    assert (still, done.status_code) == (parse_policy(FOUR_EYES).policy_hash, 200)
    assert now == parse_policy(WIDE).policy_hash
    last = actions(location)[-1]
    assert (last["action"], last["from_hash"], last["to_hash"]) == (
        "policy.activate",
        change["from_hash"],
        now,
    )
    assert last["proposed_by"] != last["approved_by"] == last["actor"]
    check(location)


async def test_a_change_of_another_policy_than_the_one_in_force_is_stale(desk: Desk) -> None:
    async with desk.client() as client:
        first = (await put(client, SMALL)).json()["change"]
        second = (await put(client, WIDE)).json()["change"]
        await decide(client, first["change_id"])
        late = await decide(client, second["change_id"])
        status = (await client.get(f"{POLICIES}/changes/{second['change_id']}")).json()["change"]
        wrong = await put(client, WIDE, from_hash=first["from_hash"])
        right = await put(client, WIDE, from_hash=first["to_hash"])

    assert (late.status_code, late.json()["code"]) == (409, "POLICY_STALE")
    assert status["status"] == "SUPERSEDED"
    assert (wrong.status_code, wrong.json()["code"]) == (409, "POLICY_STALE")
    assert right.status_code == 200


async def test_of_two_approvals_at_once_one_wins(desk: Desk) -> None:
    async with desk.client() as client:
        ids = [(await put(client, text)).json()["change"]["change_id"] for text in (SMALL, WIDE)]
        replies = await asyncio.gather(*(decide(client, one) for one in ids))
        listed = (await client.get(f"{POLICIES}/changes")).json()["rows"]

    assert sorted(reply.status_code for reply in replies) == [200, 409]
    assert sorted(one["status"] for one in listed) == ["ACTIVE", "SUPERSEDED"]


async def test_a_change_that_waited_too_long_is_over(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        change = (await put(client, SMALL)).json()["change"]
        bench.clock.advance(days=3)
        late = await decide(client, change["change_id"])
        shown = (await client.get(f"{POLICIES}/changes/{change['change_id']}")).json()["change"]

    assert (late.status_code, late.json()["code"]) == (409, "POLICY_CHANGE_CLOSED")
    assert shown["status"] == "EXPIRED"


async def test_a_rejected_change_stays_rejected(desk: Desk, location: DatabaseLocation) -> None:
    async with desk.client() as client:
        change_id = (await put(client, SMALL)).json()["change"]["change_id"]
        first = await decide(client, change_id, "reject")
        again = await decide(client, change_id, "reject")
        approved = await decide(client, change_id)

    assert first.json()["change"]["status"] == "REJECTED"
    assert again.json()["change"] == first.json()["change"]
    assert (approved.status_code, approved.json()["code"]) == (409, "POLICY_CHANGE_CLOSED")
    assert [one["action"] for one in actions(location)] == ["policy.propose", "policy.reject"]


async def test_the_old_text_brings_the_old_policy_back(desk: Desk) -> None:
    async with desk.client() as client:
        old = (await client.get(f"{POLICIES}/current")).json()["policy"]
        await activated(client, SMALL)
        page = (await client.get(f"{POLICIES}/{old['policy_hash'][:12]}")).json()["policy"]
        back = await activated(client, page["text"])
        same = await put(client, page["text"])

    assert (page["text"], page["body"]) == (old["text"], old["body"])
    assert back["in_force"] == old["policy_hash"]
    assert (same.status_code, same.json()["code"]) == (422, "POLICY_UNCHANGED")


async def test_a_text_is_kept_as_it_was_written(desk: Desk) -> None:
    text = "# for the monsoon\n" + SMALL
    async with desk.client() as client:
        answer = await activated(client, text)
        page = (await client.get(f"{POLICIES}/{answer['policy_hash']}")).json()["policy"]

    assert page["text"] == text
    assert answer["policy_hash"] == parse_policy(SMALL).policy_hash


async def test_a_text_that_means_something_else_by_now_is_written_out(
    desk: Desk, location: DatabaseLocation
) -> None:
    async with desk.client() as client:
        answer = await activated(client, SMALL)
        # As if a default had changed with a release.
        as_owner(location, "UPDATE policy_changes SET text = %s", WIDE)
        page = (await client.get(f"{POLICIES}/{answer['policy_hash']}")).json()["policy"]

    assert parse_policy(page["text"]).policy_hash == answer["policy_hash"]


async def test_the_operator_without_a_key_is_never_one_of_two_people(
    desk: Desk, location: DatabaseLocation
) -> None:
    operator = Principal(
        tenant_id=OWNER_TENANT, user_id=OPERATOR, name=OPERATOR, roles=frozenset({Role.RISK_ADMIN})
    )
    policies = desk.container.services.policies
    async with desk.client() as client:
        first = (await put(client, FOUR_EYES)).json()["change"]
        alone = await policies.approve(operator, first["change_id"], comment=None)
        second = (await put(client, WIDE)).json()["change"]
        with pytest.raises(Forbidden) as approving:
            await policies.approve(operator, second["change_id"], comment=None)
        with pytest.raises(Forbidden) as proposing:
            await policies.propose(operator, Proposal(account_id="paper-inr", text=WIDE))
        stored = (await client.get(f"{POLICIES}/changes")).json()["rows"]
        # As if the operator's proposal had been stored nevertheless.
        as_owner(
            location,
            "UPDATE policy_changes SET proposed_by = %s WHERE change_id = %s",
            OPERATOR,
            second["change_id"],
        )
        by_owner = await decide(client, second["change_id"])
        still = await in_force(client)

    assert (alone.status, alone.decided_by) == ("ACTIVE", OPERATOR)
    assert {approving.value.code, proposing.value.code} == {"FOUR_EYES_REQUIRED"}
    assert len(stored) == 2
    assert (by_owner.status_code, by_owner.json()["code"]) == (403, "FOUR_EYES_REQUIRED")
    assert still == parse_policy(FOUR_EYES).policy_hash


@pytest.mark.parametrize(
    ("how", "action"), [("approve", "policy.activate"), ("reject", "policy.reject")]
)
async def test_both_comments_are_kept_and_audited(
    desk: Desk, location: DatabaseLocation, how: str, action: str
) -> None:
    async with desk.client() as client:
        change = (await put(client, SMALL, comment="smaller")).json()["change"]
        reply = await client.post(
            f"{POLICIES}/changes/{change['change_id']}/{how}", json={"comment": "so be it"}
        )
    done = reply.json()["change"]

    assert (change["comment"], change["decision_comment"]) == ("smaller", None)
    assert (done["comment"], done["decision_comment"]) == ("smaller", "so be it")
    said = [(one["action"], one["comment"], one["decision_comment"]) for one in actions(location)]
    assert said == [("policy.propose", "smaller", None), (action, "smaller", "so be it")]
    check(location)


def test_the_command_line_takes_a_policy_all_the_way(
    shell: pytest.MonkeyPatch,
    location: DatabaseLocation,
    tmp_path: Path,
) -> None:
    file, copy = tmp_path / "small.yaml", tmp_path / "copy.yaml"
    file.write_text(SMALL)
    key = with_application(lambda container: container.start())

    def run(*words: str) -> tuple[int, Any]:
        done = CliRunner().invoke(app, ["policy", *words])
        return done.exit_code, json.loads(done.stdout) if "--json" in words else done.output

    _code, checked = run("check", str(file), "--json")
    _code, proposed = run("propose", str(file), "--json")
    _code, listed = run("changes", "--json")
    approved, change = run("approve", proposed["change_id"], "--json")
    again, _output = run("propose", str(file))
    exported, _output = run("export", "--output", str(copy))
    taken, _output = run("export", "--output", str(copy))
    # With a key it is that person.
    shell.setenv("SIGMATRADER_API_KEY", str(key))
    file.write_text(WIDE)
    _code, by_owner = run("propose", str(file), "--activate", "--json")
    rejected, _output = run("reject", by_owner["change_id"])
    _code, policies = run("list", "--json")
    shown, page = run("show")
    report = replay_recorded(SMALL, None, None)

    assert checked["policy_hash"] == parse_policy(SMALL).policy_hash == report.policy_hash
    assert [one["change_id"] for one in listed] == [proposed["change_id"]]
    assert (approved, change["status"], change["decided_by"]) == (0, "ACTIVE", "operator")
    assert (again, exported, taken, rejected) == (1, 0, 1, 1)
    assert copy.read_text() == SMALL
    assert by_owner["status"] == "ACTIVE"
    assert by_owner["proposed_by"].startswith("usr_")
    assert len(policies) == 3
    assert (shown, "max_order_value: 5000000" in page) == (0, True)


@pytest.mark.parametrize("method", ["PUT", "POST"])
async def test_every_fault_of_a_text_is_told_at_once(desk: Desk, method: str) -> None:
    text = (
        'version: "1"\nlimits:\n  exposure: {max_positon_pct: 10%}\n'
        "  loss: {daily_loss_limit_pct: 2}\n"
    )
    url = POLICIES if method == "PUT" else f"{POLICIES}/check"
    async with desk.client() as client:
        reply = await client.request(method, url, json={"text": text})

    assert (reply.status_code, reply.json()["code"]) == (422, "POLICY_INVALID")
    assert reply.json()["errors"] == [
        {
            "field": "limits.exposure.max_positon_pct",
            "issue": 'is not known in version "1"',
            "remedy": "did you mean max_position_pct?",
            "line": 3,
        },
        {
            "field": "limits.loss.daily_loss_limit_pct",
            "issue": "must be at most 1, was 2",
            "remedy": "write 2% or 0.02 for 2 percent",
            "line": 4,
        },
    ]


async def test_a_text_may_be_long_and_not_longer(desk: Desk) -> None:
    long = "# " + "x" * 200_000 + "\n" + SMALL
    async with desk.client() as client:
        taken = await put(client, long)
        too_long = await put(client, "# " + "x" * 300_000 + "\n" + SMALL)
        far_too_long = await put(client, "x" * 1_100_000)
        elsewhere = await client.post("/api/v1/chat", json={"message": "x" * 100_000})

    assert taken.status_code == 200
    assert (too_long.status_code, too_long.json()["code"]) == (422, "POLICY_INVALID")
    assert (far_too_long.status_code, elsewhere.status_code) == (413, 413)


@pytest.mark.parametrize(
    ("roles", "proposing", "activating", "approving", "rejecting"),
    [
        ({Role.TRADER}, 403, 403, 403, 403),
        ({Role.APPROVER}, 403, 403, 403, 403),
        ({Role.SERVICE}, 403, 403, 403, 403),
        ({Role.ADMIN}, 200, 403, 403, 403),
        ({Role.RISK_ADMIN}, 200, 200, 409, 409),
        ({Role.RISK_ADMIN, Role.SERVICE}, 200, 403, 403, 403),
    ],
)
async def test_who_may_change_a_policy(
    desk: Desk,
    roles: set[Role],
    proposing: int,
    activating: int,
    approving: int,
    rejecting: int,
) -> None:
    key = await person(desk, "them", *roles)
    async with desk.client(key) as them, desk.client() as client:
        change_id = (await put(client, SMALL)).json()["change"]["change_id"]
        proposed = await put(them, WIDE)
        activated_now = await put(them, WIDE + "# at once\n", activate=True)
        approved = await decide(them, change_id)
        rejected = await decide(them, change_id, "reject")

    found = [one.status_code for one in (proposed, activated_now, approved, rejected)]
    assert found == [proposing, activating, approving, rejecting]


async def test_a_policy_that_only_reports_is_refused_at_a_live_broker(
    settings: Settings, location: DatabaseLocation
) -> None:
    text = 'version: "1"\ndefaults: {mode: monitor}\n'
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        waiting = (await put(client, text)).json()["change"]
        bench.broker.become(ExecutionMode.LIVE)
        approved = await decide(client, waiting["change_id"])
        proposed = await put(client, text + "# again\n")
        old = await in_force(client)

    assert waiting["status"] == "PROPOSED"
    assert (approved.status_code, approved.json()["code"]) == (422, "POLICY_MONITOR_LIVE")
    assert (proposed.status_code, proposed.json()["code"]) == (422, "POLICY_MONITOR_LIVE")
    assert old == waiting["from_hash"]


async def test_a_card_sealed_under_the_old_policy_is_void(
    desk: Desk, location: DatabaseLocation
) -> None:
    async with desk.client() as client:
        card = await propose(client)
        await activated(client, WIDE)
        reply = await approve(client, card)
        orders = (await client.get("/api/v1/orders")).json()["rows"]

    assert (reply.json()["error_code"], orders) == ("POLICY_CHANGED", [])
    assert reply.json()["card"]["status"] == "VOID"
    check(location)


async def test_a_repeated_key_proposes_once(desk: Desk, location: DatabaseLocation) -> None:
    headers = {"Idempotency-Key": "once"}
    async with desk.client() as client:
        first = await put(client, SMALL, activate=True, headers=headers)
        again = await put(client, SMALL, activate=True, headers=headers)
        # The answer was lost before it was kept.
        as_owner(location, "DELETE FROM idempotency_records")
        lost = await put(client, SMALL, activate=True, headers=headers)
        other = await put(client, WIDE, headers=headers)

    assert again.content == first.content
    assert again.headers["Idempotency-Replayed"] == "true"
    assert lost.json() == first.json()
    assert other.json()["code"] == "IDEMPOTENCY_PAYLOAD_MISMATCH"
    assert [one["action"] for one in actions(location)] == ["policy.propose", "policy.activate"]


async def test_a_changed_stored_policy_is_not_put_in_force(
    desk: Desk, location: DatabaseLocation
) -> None:
    async with desk.client() as client:
        change = (await put(client, SMALL)).json()["change"]
        as_owner(
            location,
            "UPDATE policies SET body = jsonb_set(body, '{mode}', '\"monitor\"')"
            " WHERE policy_hash = %s",
            change["to_hash"],
        )
        reply = await decide(client, change["change_id"])
        old = await in_force(client)

    assert (reply.status_code, reply.json()["code"]) == (422, "POLICY_MISSING")
    assert old == change["from_hash"]


async def test_each_account_has_its_own_policy(desk: Desk) -> None:
    async with desk.client() as client:
        await put(client, SMALL, activate=True, account_id="paper-usd")
        mine = (await client.get(f"{POLICIES}/current?account_id=paper-usd")).json()["policy"]
        other = (await client.get(f"{POLICIES}/current?account_id=paper-inr")).json()["policy"]
        nowhere = await put(client, SMALL, account_id="not-there")

    assert (mine["accounts"], other["accounts"]) == (["paper-usd"], ["paper-inr"])
    assert nowhere.status_code == 404


@pytest.mark.parametrize("path", ["abc", "0" * 64, "%25%25%25%25%25%25%25%25"])
async def test_an_unknown_policy_is_not_found(desk: Desk, path: str) -> None:
    async with desk.client() as client:
        assert (await client.get(f"{POLICIES}/{path}")).status_code == 404


async def test_a_policy_in_force_that_cannot_be_read_can_be_replaced(
    desk: Desk, location: DatabaseLocation
) -> None:
    as_owner(location, 'UPDATE policies SET body = \'{"exposure": {"odd": 1}}\'')
    async with desk.client() as client:
        unread = (await client.get(f"{POLICIES}/current")).json()["policy"]
        answer = await activated(client, SMALL)

    assert (unread["text"], unread["findings"]) == (None, [])
    assert answer["change"]["differences"] == []
    assert answer["in_force"] == parse_policy(SMALL).policy_hash


async def test_the_application_cannot_change_what_was_proposed(
    desk: Desk, location: DatabaseLocation
) -> None:
    async with desk.client() as client:
        await put(client, SMALL)
    granted = rows(
        location,
        "SELECT column_name FROM information_schema.column_privileges"
        " WHERE grantee = 'sigmatrader_app' AND table_name = 'policy_changes'"
        " AND privilege_type = 'UPDATE' ORDER BY column_name",
    )
    assert [row["column_name"] for row in granted] == [
        "decided_at",
        "decided_by",
        "decision_comment",
        "status",
    ]
    assert rows(location, "SELECT tenant_id FROM policy_changes") == [{"tenant_id": OWNER_TENANT}]
