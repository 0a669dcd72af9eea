"""Resources, prompts and completions over MCP stand on the same tools and the same limits."""

import json
from typing import Any

from app.identity.principal import Role
from app.persistence.location import DatabaseLocation
from app.settings import Settings
from tests.integration.driving import person, rows, trade
from tests.integration.mcp_wire import Wire, mcp_desk


async def read(wire: Wire, uri: str) -> dict[str, Any]:
    (content,) = (await wire.ask("resources/read", uri=uri))["contents"]
    assert (content["uri"], content["mimeType"]) == (uri, "application/json")
    found: dict[str, Any] = json.loads(content["text"])
    return found


async def completed(wire: Wire, ref: dict[str, str], name: str, value: str) -> list[str]:
    argument = {"name": name, "value": value}
    answer = await wire.ask("completion/complete", ref=ref, argument=argument)
    values: list[str] = answer["completion"]["values"]
    return values


async def test_a_resource_is_what_its_tool_answers(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with mcp_desk(settings, location) as desk, desk.wire() as wire:
        async with desk.desk.client() as http:
            traded = await trade(http)
        decision_id, plan_id = traded["decision_id"], traded["plan_id"]
        policy = await wire.call("get_policy")
        assert await read(wire, "sigmatrader://policy/current") == policy
        assert await read(wire, f"sigmatrader://policy/{policy['policy_hash']}") == policy
        assert await read(wire, f"sigmatrader://decision/{decision_id}") == await wire.call(
            "get_decision", decision_id=decision_id
        )
        assert await read(wire, f"sigmatrader://plan/{plan_id}") == await wire.call(
            "get_plan", plan_id=plan_id
        )
        listed = (await wire.ask("resources/list"))["resources"]
        templates = (await wire.ask("resources/templates/list"))["resourceTemplates"]
    assert [one["uri"] for one in listed] == ["sigmatrader://policy/current"]
    assert [one["uriTemplate"] for one in templates] == [
        "sigmatrader://decision/{decision_id}",
        "sigmatrader://plan/{plan_id}",
        "sigmatrader://policy/{policy_hash}",
    ]


async def test_an_address_that_leads_nowhere_is_the_protocols_own_error(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with mcp_desk(settings, location) as desk, desk.wire() as wire:
        for uri in (
            "sigmatrader://decision/dec_none",
            "sigmatrader://decision/",
            "sigmatrader://decision/../policy/current",
            "sigmatrader://order/ord_1",
            "file:///etc/passwd",
        ):
            error = await wire.error("resources/read", uri=uri)
            assert error["code"] == -32602
            assert error["data"]["code"] in {"NOT_FOUND", "INVALID_PARAM"}


async def test_what_is_left_out_as_a_tool_is_left_out_as_a_resource(
    settings: Settings, location: DatabaseLocation
) -> None:
    picked = settings.model_copy(update={"mcp_excluded_tools": "get_policy,get_plan"})
    async with mcp_desk(picked, location) as desk, desk.wire() as wire:
        listed = (await wire.ask("resources/list"))["resources"]
        templates = (await wire.ask("resources/templates/list"))["resourceTemplates"]
        error = await wire.error("resources/read", uri="sigmatrader://policy/current")
    assert listed == []
    assert [one["name"] for one in templates] == ["decision"]
    assert error["data"]["code"] == "NOT_FOUND"


async def test_a_prompt_has_its_arguments_in_place_and_unchanged(
    settings: Settings, location: DatabaseLocation
) -> None:
    words = "buy  10 INFY {account_id}  at 1480"
    async with mcp_desk(settings, location) as desk, desk.wire() as wire:
        prompts = (await wire.ask("prompts/list"))["prompts"]
        asked = {"name": "propose_trade", "arguments": {"words": words}}
        (message,) = (await wire.ask("prompts/get", **asked))["messages"]
        missing = await wire.error("prompts/get", name="explain_refusal", arguments={})
        unknown = await wire.error("prompts/get", name="approve_everything", arguments={})
    assert [one["name"] for one in prompts] == [
        "explain_refusal",
        "morning_check",
        "propose_trade",
    ]
    assert f"“{words}”" in message["content"]["text"]
    assert (missing["code"], missing["message"]) == (-32602, "The prompt needs decision_id")
    assert unknown["code"] == -32602


async def test_completions_offer_what_the_caller_may_see(
    settings: Settings, location: DatabaseLocation
) -> None:
    decision = {"type": "ref/resource", "uri": "sigmatrader://decision/{decision_id}"}
    plan = {"type": "ref/resource", "uri": "sigmatrader://plan/{plan_id}"}
    check = {"type": "ref/prompt", "name": "morning_check"}
    async with mcp_desk(settings, location) as desk, desk.wire() as wire:
        service = await person(desk.desk, "claude", Role.SERVICE)
        async with desk.desk.client() as http:
            traded = await trade(http)
        assert await completed(wire, decision, "decision_id", "dec_") == [traded["decision_id"]]
        assert await completed(wire, plan, "plan_id", "") == [traded["plan_id"]]
        assert await completed(wire, check, "account_id", "paper-u") == ["paper-usd"]
        assert await completed(wire, check, "words", "buy") == []
        async with desk.wire(service) as other:
            assert await completed(other, decision, "decision_id", "") == []


async def test_each_of_them_is_in_the_audit_log(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with mcp_desk(settings, location) as desk, desk.wire() as wire:
        await read(wire, "sigmatrader://policy/current")
        await wire.ask("prompts/get", name="morning_check", arguments={})
        await completed(wire, {"type": "ref/prompt", "name": "morning_check"}, "account_id", "")
    kept = [
        (row["body"]["surface"], row["body"]["name"], row["body"]["outcome"])
        for row in rows(
            location, "SELECT body FROM audit_log WHERE action = 'mcp.called' ORDER BY seq"
        )
    ]
    assert kept == [
        ("resource", "get_policy", "ok"),
        ("prompt", "morning_check", "ok"),
        ("completion", "list_accounts", "ok"),
    ]
