"""The audit log proves itself, and any stored byte that is changed is found and located."""

from typing import LiteralString

from psycopg.types.json import Jsonb

from app.identity.principal import Role
from app.persistence.location import DatabaseLocation
from tests.integration.checker import check
from tests.integration.conftest import Desk
from tests.integration.driving import as_owner, person, rows, trade

CHANGES: dict[str, LiteralString] = {
    "seq": "UPDATE audit_log SET seq = 1000 WHERE seq = %s",
    "at": "UPDATE audit_log SET at = at + interval '1 microsecond' WHERE seq = %s",
    "actor": "UPDATE audit_log SET actor = actor || 'x' WHERE seq = %s",
    "action": "UPDATE audit_log SET action = 'order.filled ' WHERE seq = %s",
    "entity": "UPDATE audit_log SET entity = upper(entity) WHERE seq = %s",
    "entity_id": "UPDATE audit_log SET entity_id = left(entity_id, -1) || '~' WHERE seq = %s",
    "body": 'UPDATE audit_log SET body = body || \'{"plan_id": "other"}\' WHERE seq = %s',
    "prev_hash": "UPDATE audit_log SET prev_hash = reverse(prev_hash) WHERE seq = %s",
    "row_hash": "UPDATE audit_log SET row_hash = reverse(row_hash) WHERE seq = %s",
    "row": "DELETE FROM audit_log WHERE seq = %s",
}


async def test_a_changed_row_is_found_where_it_is(desk: Desk, location: DatabaseLocation) -> None:
    async with desk.client() as client:
        await trade(client)
        check(location)
        before = (await client.get("/api/v1/audit/verify")).json()
        for column, change in CHANGES.items():
            for seq in (2, before["rows"] - 1):
                saved = rows(location, "SELECT * FROM audit_log WHERE seq = %s", seq)
                as_owner(location, change, seq)
                found = (await client.get("/api/v1/audit/verify")).json()
                assert (found["intact"], found["break"]["seq"]) == (False, seq), column
                _put_back(location, seq, saved[0])
        after = (await client.get("/api/v1/audit/verify")).json()

    assert before["intact"]
    assert after["intact"]


def _put_back(location: DatabaseLocation, seq: int, row: dict[str, object]) -> None:
    as_owner(location, "DELETE FROM audit_log WHERE seq IN (%s, 1000)", seq)
    row = {**row, "body": Jsonb(row["body"])}
    as_owner(
        location,
        "INSERT INTO audit_log (tenant_id, seq, at, actor, action, entity, entity_id, body,"
        " prev_hash, row_hash) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        *(
            row[name]
            for name in (
                "tenant_id",
                "seq",
                "at",
                "actor",
                "action",
                "entity",
                "entity_id",
                "body",
                "prev_hash",
                "row_hash",
            )
        ),
    )


async def test_an_order_tells_its_whole_story_in_order(
    desk: Desk, location: DatabaseLocation
) -> None:
    async with desk.client() as client:
        await trade(client)
    story = [row["action"] for row in rows(location, "SELECT action FROM audit_log ORDER BY seq")]

    assert story[-8:] == [
        "plan.composed",
        "gate.allow",
        "card.shown",
        "gate.allow",
        "card.approved",
        "order.sending",
        "order.acked",
        "order.filled",
    ]


async def test_only_overseers_of_risk_read_the_log(desk: Desk) -> None:
    trader = await person(desk, "second", Role.TRADER)
    async with desk.client(trader) as client:
        assert (await client.get("/api/v1/audit")).status_code == 403
