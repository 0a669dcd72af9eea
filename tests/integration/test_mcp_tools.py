"""What programs get over MCP: answers as data, problems as results, every call in the audit log."""

from decimal import Decimal
from typing import Any

import jsonschema
import pytest

from app.identity.principal import Role
from app.persistence.location import DatabaseLocation
from app.settings import Settings
from tests.fakes.clock import FakeClock
from tests.integration.driving import BUY, approve, person, rows, say, trade
from tests.integration.mcp_wire import Wire, mcp_desk

KEY_LIKE = "st_" + "k" * 43


async def listed(wire: Wire) -> list[dict[str, Any]]:
    tools: list[dict[str, Any]] = (await wire.ask("tools/list"))["tools"]
    return tools


async def test_tools_are_listed_by_name_with_all_annotations_and_both_schemas(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with mcp_desk(settings, location) as desk, desk.wire() as wire:
        tools = await listed(wire)
        again = await listed(wire)
    names = [tool["name"] for tool in tools]
    assert tools == again
    assert names == sorted(names)
    for tool in tools:
        hints = tool["annotations"]
        assert set(hints) == {
            "title",
            "readOnlyHint",
            "destructiveHint",
            "idempotentHint",
            "openWorldHint",
        }
        assert hints["destructiveHint"] is False
        assert hints["readOnlyHint"] is (tool["name"] != "propose_trade")
        jsonschema.Draft202012Validator.check_schema(tool["inputSchema"])
        jsonschema.Draft202012Validator.check_schema(tool["outputSchema"])
        assert tool["inputSchema"]["additionalProperties"] is False


async def test_no_tool_acts_approves_or_changes_a_limit(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with mcp_desk(settings, location) as desk, desk.wire() as wire:
        names = {tool["name"] for tool in await listed(wire)}
    assert names == {
        "get_decision",
        "get_kill_switch",
        "get_market_hours",
        "get_plan",
        "get_policy",
        "get_proposal",
        "get_quotes",
        "get_standing",
        "list_accounts",
        "list_decisions",
        "list_exceptions",
        "list_orders",
        "list_proposals",
        "propose_trade",
        "search_instruments",
        "view_account",
        "view_login",
    }


async def test_every_answer_fits_the_schema_that_was_listed(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with mcp_desk(settings, location) as desk, desk.wire() as wire:
        schemas = {tool["name"]: tool["outputSchema"] for tool in await listed(wire)}
        async with desk.desk.client() as http:
            traded = await trade(http)
        decision_id = traded["decision_id"]
        card_id = (await wire.call("list_proposals"))["rows"][0]["card_id"]
        arguments: dict[str, dict[str, Any]] = {
            "get_decision": {"decision_id": decision_id},
            "get_plan": {"plan_id": traded["plan_id"]},
            "get_proposal": {"card_id": card_id},
            "get_quotes": {"instruments": ["NSE:INFY", "TCS"]},
            "propose_trade": {"message": "sell 5 INFY at market, cnc"},
            "search_instruments": {"query": "infos"},
        }
        for name, schema in schemas.items():
            answer = await wire.call(name, **arguments.get(name, {}))
            jsonschema.validate(answer, schema)


async def test_amounts_are_decimal_strings_and_times_are_utc(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with mcp_desk(settings, location) as desk, desk.wire() as wire:
        async with desk.desk.client() as http:
            await trade(http)
        account = await wire.call("view_account")
        (order,) = (await wire.call("list_orders"))["rows"]
    assert account["positions"][0]["quantity"] == "10"
    assert isinstance(account["margins"]["available"], str)
    assert account["as_of"].endswith("Z")
    assert (order["quantity"], order["filled_quantity"], order["state"]) == ("10", "10", "FILLED")
    assert order["created_at"].endswith("Z")


async def test_limits_are_told_with_what_is_used_and_left_in_their_own_unit(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with mcp_desk(settings, location) as desk, desk.wire() as wire:
        async with desk.desk.client() as http:
            await trade(http)
        standing = await wire.call("get_standing")
        policy = await wire.call("get_policy")
        hours = await wire.call("get_market_hours")
    limits = {row["rule_id"]: row for row in standing["limits"]}
    gross = limits["EXP-002"]
    assert Decimal(gross["left"]) == Decimal(gross["limit"]) - Decimal(gross["used"])
    assert (gross["unit"], limits["EXP-001"]["of"]) == ("INR", "NSE:INFY")
    assert (limits["EXP-006"]["used"], limits["EXP-006"]["unit"]) == ("1", "positions")
    assert standing["policy_hash"] == policy["policy_hash"]
    assert (standing["kill_switch"], standing["unpriced"]) == ("RUNNING", [])
    assert (hours["exchange"], hours["simulated"]) == ("NSE", True)


async def test_lists_come_in_pages(settings: Settings, location: DatabaseLocation) -> None:
    async with mcp_desk(settings, location) as desk, desk.wire() as wire:
        async with desk.desk.client() as http:
            for message in ("price of INFY", "price of TCS", "positions"):
                await say(http, message)
        first = await wire.call("list_decisions", limit=2)
        second = await wire.call("list_decisions", limit=2, offset=first["next_offset"])
    asked = [row["asked"]["text"] for row in (*first["rows"], *second["rows"])]
    assert asked == ["positions", "price of TCS", "price of INFY"]
    assert second["next_offset"] is None


async def test_texts_of_others_carry_their_origin(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with mcp_desk(settings, location) as desk, desk.wire() as wire:
        (row, *_rest) = (await wire.call("search_instruments", query="infosys"))["rows"]
        await wire.call("propose_trade", message="buy 1 TCS at market, cnc")
        async with desk.desk.client() as http:
            await say(http, "positions")
        mine, theirs = (await wire.call("list_decisions"))["rows"]
    assert row["name"] == {"origin": "instrument_master", "text": "Infosys"}
    assert mine["asked"] == {"origin": "person", "text": "positions"}
    assert theirs["asked"]["origin"] == "mcp_client"


REFUSED: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("get_quotes", {}, "INVALID_PARAM"),
    ("get_quotes", {"instruments": ["NSE:INFY"], "broker": "x"}, "INVALID_PARAM"),
    ("get_quotes", {"instruments": ["NOSUCHNAME"]}, "SYMBOL_UNKNOWN"),
    ("list_orders", {"limit": 51}, "INVALID_PARAM"),
    ("list_orders", {"account_id": "paper-eur"}, "NOT_FOUND"),
    ("get_decision", {"decision_id": "dec_none"}, "NOT_FOUND"),
    ("get_proposal", {"card_id": "crd_none"}, "NOT_FOUND"),
    ("get_policy", {"policy_hash": "00000000"}, "NOT_FOUND"),
    ("propose_trade", {"message": ""}, "INVALID_PARAM"),
)


async def test_what_cannot_be_done_is_an_error_result_that_says_what_to_do(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with mcp_desk(settings, location) as desk, desk.wire() as wire:
        for tool, arguments, code in REFUSED:
            problem = await wire.problem(tool, **arguments)
            assert (problem["code"], problem["retry_safe"]) == (code, True)
            assert problem["message"]
            assert problem["remediation"]


async def test_a_made_up_tool_is_the_protocols_own_error(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with mcp_desk(settings, location) as desk, desk.wire() as wire:
        error = await wire.error("tools/call", name="place_order", arguments={})
    assert (error["code"], error["data"]["code"]) == (-32602, "TOOL_UNKNOWN")


async def test_the_sixty_first_call_in_a_minute_is_limited_by_tool_and_user(
    settings: Settings, location: DatabaseLocation
) -> None:
    clock = FakeClock()
    limited = settings.model_copy(update={"reads_per_min": 60})
    async with mcp_desk(limited, location, clock=clock) as desk, desk.wire() as wire:
        other_key = await person(desk.desk, "ravi", Role.VIEWER)
        for _ in range(60):
            await wire.call("get_quotes", instruments=["INFY"])
        problem = await wire.problem("get_quotes", instruments=["INFY"])
        await wire.call("list_accounts")
        async with desk.wire(other_key) as other:
            await other.call("get_quotes", instruments=["INFY"])
        clock.advance(seconds=60)
        await wire.call("get_quotes", instruments=["INFY"])
    assert (problem["code"], problem["retry_after_s"], problem["retry_safe"]) == (
        "RATE_LIMITED",
        60,
        True,
    )


async def test_every_call_is_in_the_audit_log_with_who_what_and_how_it_ended(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with mcp_desk(settings, location) as desk, desk.wire() as wire:
        await wire.call("get_quotes", instruments=["NSE:INFY"])
        problem = await wire.problem("get_quotes", instruments=["NSE:INFY"] * 21)
        await wire.call("propose_trade", message="buy 1 TCS at market, cnc", request_id="r-1")
        kept = audited(location)
    assert [(row["name"], row["outcome"], row["arguments"]) for row in kept] == [
        ("get_quotes", "ok", {"instruments": ["NSE:INFY"]}),
        ("get_quotes", "INVALID_PARAM", {"instruments": ["NSE:INFY"] * 21}),
        ("propose_trade", "ok", {"message": "24 letters", "request_id": "r-1"}),
    ]
    assert kept[1]["call_id"] == problem["call_id"]
    assert {row["client"] for row in kept} == {"test-host 1.0"}
    assert {row["credential"] for row in kept} == {"key"}


async def test_a_credential_among_the_arguments_is_refused_and_kept_nowhere(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with mcp_desk(settings, location) as desk, desk.wire() as wire:
        problem = await wire.problem("propose_trade", message=f"buy 1 TCS with {KEY_LIKE}")
        (kept,) = audited(location)
    assert problem["code"] == "SECRET_IN_ARGUMENTS"
    assert KEY_LIKE not in str(problem)
    assert kept["arguments"] == {"message": "[withheld]"}
    assert rows(location, "SELECT run_id FROM runs") == []


async def test_a_service_sees_and_proposes_for_itself_alone(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with mcp_desk(settings, location) as desk:
        service = await person(desk.desk, "claude", Role.SERVICE)
        async with desk.desk.client() as http:
            await say(http, BUY)
        async with desk.wire(service) as wire:
            assert (await wire.call("list_decisions"))["rows"] == []
            proposed = await wire.call("propose_trade", message="buy 1 TCS at market, cnc")
            card_id = proposed["proposal"]["card_id"]
            assert (await wire.call("get_proposal", card_id=card_id))["status"] == "PENDING"
            async with desk.desk.client(service) as own:
                refused = await approve(own, card_id)
            async with desk.desk.client() as owner:
                approved = await approve(owner, card_id)
            decided = await wire.call("get_proposal", card_id=card_id)
            told = await wire.call("get_decision", decision_id=proposed["decision_id"])
    assert (refused.status_code, refused.json()["code"]) == (403, "FORBIDDEN")
    assert approved.json()["outcome"] == "EXECUTED"
    assert decided["status"] == "APPROVED"
    assert told["asked"]["origin"] == "mcp_client"
    assert (told["outcome"], len(told["order_ids"])) == ("EXECUTED", 1)


async def test_a_tool_that_is_left_out_cannot_be_called(
    settings: Settings, location: DatabaseLocation
) -> None:
    picked = settings.model_copy(update={"mcp_toolsets": "market"})
    async with mcp_desk(picked, location) as desk, desk.wire() as wire:
        names = [tool["name"] for tool in await listed(wire)]
        error = await wire.error("tools/call", name="view_account", arguments={})
    assert names == ["get_market_hours", "get_quotes", "search_instruments"]
    assert error["data"]["code"] == "TOOL_UNKNOWN"


def audited(location: DatabaseLocation) -> list[dict[str, Any]]:
    found = rows(
        location,
        "SELECT entity_id, body FROM audit_log WHERE action = 'mcp.called' ORDER BY seq",
    )
    return [{"call_id": row["entity_id"], **row["body"]} for row in found]


@pytest.mark.parametrize(
    "arguments",
    [{"limit": 1.5}, {"account_id": "a\0b"}, {"account_id": {"a": "\0"}}],
    ids=["fraction", "nul", "nul within"],
)
async def test_a_call_of_odd_arguments_is_refused_in_words_and_recorded(
    settings: Settings, location: DatabaseLocation, arguments: dict[str, Any]
) -> None:
    async with mcp_desk(settings, location) as desk, desk.wire() as wire:
        problem = await wire.problem("list_orders", **arguments)
        recorded = rows(location, "SELECT body FROM audit_log WHERE action = 'mcp.called'")
    assert (problem["code"], problem["errors"][0]["field"]) == ("INVALID_PARAM", *arguments)
    assert [row["body"]["outcome"] for row in recorded] == ["INVALID_PARAM"]
