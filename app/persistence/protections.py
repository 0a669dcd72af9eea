"""Entries with a stop or a target, the plans made to protect them, and what a person must know."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from app.persistence.database import Row, Session
from app.persistence.orders import OrderRecord, find_order
from riskgate.contracts.instruments import InstrumentRef
from riskgate.contracts.orders import OrderState, Product
from riskgate.hashing import canonical_json

OPEN, DONE = "OPEN", "DONE"
# Of an entry that nothing of has filled: told to people, never stored.
WAITING: Final = "WAITING"
# The kind of a plan whose orders are a stop and, as its second slice, a target: one may fill.
PAIR = "PAIR"
# Keys of exceptions that the comparison with the broker neither opens nor resolves.
KEY_PREFIX = "protection:"


@dataclass(frozen=True, kw_only=True)
class ProtectionRecord:
    """Stop and target of one entry. `note` says why it is not as it should be, else is empty."""

    entry_order_id: str
    account_id: str
    stop_price: Decimal | None
    target_price: Decimal | None
    status: str
    note: str
    not_before: datetime | None
    opened_at: datetime
    updated_at: datetime


@dataclass(frozen=True, kw_only=True)
class ProtectivePlan:
    """A plan made for an entry; `taken_back` is why its orders were cancelled by us."""

    plan_id: str
    entry_order_id: str
    kind: str
    generation: int
    taken_back: str | None
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class PairTags:
    """The tags of a stop and a target that are both unfinished."""

    stop: str
    target: str


# Entries whose plan promised, in one of some notes, to protect what they fill.
_PROMISED: Final = (
    " FROM orders o JOIN plans p USING (tenant_id, plan_id)"
    " CROSS JOIN LATERAL jsonb_array_elements(p.body->'legs') part(terms)"
    " WHERE o.tenant_id = %s AND o.account_id = %s AND (part.terms->>'leg')::int = o.leg"
    " AND NOT (part.terms->>'reduce_only')::boolean AND p.body->'notes' ?| %s"
    " AND (part.terms->'risk_model'->>'stop_price' IS NOT NULL"
    " OR part.terms->'risk_model'->>'target_price' IS NOT NULL)"
)


async def find_new(
    session: Session, account_id: str, *, notes: Sequence[str], since: datetime, at: datetime
) -> None:
    """Note every entry with a fill whose plan promised, in one of these notes, to protect it."""
    await session.execute(
        "INSERT INTO protections (tenant_id, entry_order_id, account_id, stop_price,"
        " target_price, status, note, opened_at, updated_at)"
        " SELECT o.tenant_id, o.order_id, o.account_id,"
        " (part.terms->'risk_model'->>'stop_price')::numeric,"
        f" (part.terms->'risk_model'->>'target_price')::numeric, 'OPEN', '', %s, %s{_PROMISED}"
        " AND o.created_at > %s AND o.filled_quantity > 0 ON CONFLICT DO NOTHING",
        (at, at, session.tenant_id, account_id, list(notes), since),
    )


async def list_waiting(
    session: Session, account_id: str, *, notes: Sequence[str], limit: int
) -> list[ProtectionRecord]:
    """Return what is promised to unfinished entries that nothing of has filled, oldest first."""
    rows = await session.fetch_all(
        "SELECT o.order_id AS entry_order_id, o.account_id,"
        " (part.terms->'risk_model'->>'stop_price')::numeric AS stop_price,"
        " (part.terms->'risk_model'->>'target_price')::numeric AS target_price,"
        " %s AS status, '' AS note, NULL::timestamptz AS not_before,"
        f" o.created_at AS opened_at, o.created_at AS updated_at{_PROMISED}"
        " AND o.filled_quantity = 0 AND o.state = ANY(%s)"
        " ORDER BY o.created_at, o.order_id LIMIT %s",
        (
            WAITING,
            session.tenant_id,
            account_id,
            list(notes),
            [state.value for state in OrderState if not state.final],
            limit,
        ),
    )
    return [ProtectionRecord(**row) for row in rows]


async def list_protections(
    session: Session, *, account_id: str | None, limit: int, offset: int = 0, done: bool = False
) -> list[ProtectionRecord]:
    """Return protections, the oldest first; those that are over only when `done`."""
    rows = await session.fetch_all(
        "SELECT entry_order_id, account_id, stop_price, target_price, status, note, not_before,"
        " opened_at, updated_at FROM protections WHERE tenant_id = %s"
        " AND (%s::text IS NULL OR account_id = %s) AND (%s OR status = 'OPEN')"
        " ORDER BY opened_at, entry_order_id LIMIT %s OFFSET %s",
        (session.tenant_id, account_id, account_id, done, limit, offset),
    )
    return [ProtectionRecord(**row) for row in rows]


async def list_gone(
    session: Session, account_id: str, *, since: datetime
) -> list[ProtectionRecord]:
    """Return what ended since a moment though our ledger holds something on the entry's side."""
    rows = await session.fetch_all(
        "SELECT p.entry_order_id, p.account_id, p.stop_price, p.target_price, p.status, p.note,"
        " p.not_before, p.opened_at, p.updated_at FROM protections p"
        " JOIN orders o ON o.tenant_id = p.tenant_id AND o.order_id = p.entry_order_id"
        " JOIN ledger_positions l ON l.tenant_id = p.tenant_id AND l.account_id = p.account_id"
        " AND l.exchange = o.terms->'instrument'->>'exchange'"
        " AND l.tradingsymbol = o.terms->'instrument'->>'tradingsymbol'"
        " AND l.product = o.terms->>'product'"
        " AND l.quantity * CASE o.terms->>'side' WHEN 'BUY' THEN 1 ELSE -1 END > 0"
        " WHERE p.tenant_id = %s AND p.account_id = %s AND p.status = 'DONE'"
        " AND p.updated_at > %s ORDER BY p.opened_at, p.entry_order_id",
        (session.tenant_id, account_id, since),
    )
    return [ProtectionRecord(**row) for row in rows]


async def protective_plans(
    session: Session, entry_order_ids: Sequence[str]
) -> list[ProtectivePlan]:
    rows = await session.fetch_all(
        "SELECT plan_id, entry_order_id, kind, generation, taken_back, created_at"
        " FROM protective_plans WHERE tenant_id = %s AND entry_order_id = ANY(%s)"
        " ORDER BY entry_order_id, generation",
        (session.tenant_id, list(entry_order_ids)),
    )
    return [ProtectivePlan(**row) for row in rows]


async def protective_tags(session: Session, account_id: str) -> frozenset[str]:
    """Return the tags of the account's unfinished protective orders."""
    rows = await session.fetch_all(
        "SELECT o.tag FROM orders o JOIN protective_plans USING (tenant_id, plan_id)"
        " WHERE o.tenant_id = %s AND o.account_id = %s"
        " AND o.filled_quantity + o.cancelled_quantity < o.quantity",
        (session.tenant_id, account_id),
    )
    return frozenset(row["tag"] for row in rows)


async def open_pairs(session: Session, account_id: str) -> list[PairTags]:
    """Return the account's pairs of which neither order is finished."""
    rows = await session.fetch_all(
        "SELECT s.tag AS stop, t.tag AS target FROM protective_plans p"
        " JOIN orders s USING (tenant_id, plan_id) JOIN orders t USING (tenant_id, plan_id)"
        " WHERE p.tenant_id = %s AND p.kind = %s AND s.account_id = %s"
        " AND s.slice = 0 AND t.slice = 1"
        " AND s.filled_quantity + s.cancelled_quantity < s.quantity"
        " AND t.filled_quantity + t.cancelled_quantity < t.quantity",
        (session.tenant_id, PAIR, account_id),
    )
    return [PairTags(stop=row["stop"], target=row["target"]) for row in rows]


async def pair_plans(session: Session, plan_ids: Sequence[str]) -> frozenset[str]:
    """Return which of the plans are pairs."""
    rows = await session.fetch_all(
        "SELECT plan_id FROM protective_plans WHERE tenant_id = %s AND kind = %s"
        " AND plan_id = ANY(%s)",
        (session.tenant_id, PAIR, list(plan_ids)),
    )
    return frozenset(row["plan_id"] for row in rows)


async def add_protective_plan(session: Session, plan: ProtectivePlan) -> None:
    """Note a plan; a second one of the same generation is refused by the database."""
    await session.execute(
        "INSERT INTO protective_plans (tenant_id, plan_id, entry_order_id, kind, generation,"
        " created_at) VALUES (%s, %s, %s, %s, %s, %s)",
        (
            session.tenant_id,
            plan.plan_id,
            plan.entry_order_id,
            plan.kind,
            plan.generation,
            plan.created_at,
        ),
    )


async def take_back(session: Session, plan_id: str, *, why: str) -> None:
    """Note why the orders of a protective plan are cancelled by us; the first reason stays."""
    await session.execute(
        "UPDATE protective_plans SET taken_back = %s WHERE tenant_id = %s AND plan_id = %s"
        " AND taken_back IS NULL",
        (why, session.tenant_id, plan_id),
    )


async def forget(session: Session, plan_id: str, *, why: str) -> None:
    """Note that the broker shows the orders of a protective plan no more; it replaces a reason."""
    await session.execute(
        "UPDATE protective_plans SET taken_back = %s WHERE tenant_id = %s AND plan_id = %s",
        (why, session.tenant_id, plan_id),
    )


async def remember(session: Session, plan_id: str) -> None:
    """Note that the orders of a protective plan are shown again."""
    await session.execute(
        "UPDATE protective_plans SET taken_back = NULL WHERE tenant_id = %s AND plan_id = %s",
        (session.tenant_id, plan_id),
    )


async def note(
    session: Session,
    entry_order_id: str,
    *,
    text: str,
    at: datetime,
    status: str = OPEN,
    not_before: datetime | None = None,
) -> None:
    """Say how a protection stands; nothing is placed for it before `not_before`."""
    await session.execute(
        "UPDATE protections SET note = %s, status = %s, not_before = %s, updated_at = %s"
        " WHERE tenant_id = %s AND entry_order_id = %s"
        " AND (note, status) IS DISTINCT FROM (%s, %s)"
        " OR tenant_id = %s AND entry_order_id = %s AND not_before IS DISTINCT FROM %s",
        (
            text,
            status,
            not_before,
            at,
            session.tenant_id,
            entry_order_id,
            text,
            status,
            session.tenant_id,
            entry_order_id,
            not_before,
        ),
    )


async def hold_off(session: Session, entry_order_id: str, *, until: datetime) -> None:
    """Place nothing for an entry before a time."""
    await session.execute(
        "UPDATE protections SET not_before = greatest(not_before, %s)"
        " WHERE tenant_id = %s AND entry_order_id = %s",
        (until, session.tenant_id, entry_order_id),
    )


async def line_orders(
    session: Session, account_id: str, instrument: InstrumentRef, product: Product
) -> list[OrderRecord]:
    """Return our orders in one instrument and product that filled or may fill, oldest first."""
    rows = await session.fetch_all(
        "SELECT order_id FROM orders WHERE tenant_id = %s AND account_id = %s"
        " AND terms->'instrument'->>'exchange' = %s"
        " AND terms->'instrument'->>'tradingsymbol' = %s AND terms->>'product' = %s"
        " AND (filled_quantity > 0 OR filled_quantity + cancelled_quantity < quantity)"
        " ORDER BY created_at, order_id",
        (
            session.tenant_id,
            account_id,
            instrument.exchange,
            instrument.tradingsymbol,
            product,
        ),
    )
    return await _orders(session, rows)


async def orders_of_plans(session: Session, plan_ids: Sequence[str]) -> list[OrderRecord]:
    rows = await session.fetch_all(
        "SELECT order_id FROM orders WHERE tenant_id = %s AND plan_id = ANY(%s)"
        " ORDER BY created_at, plan_id, leg, slice",
        (session.tenant_id, list(plan_ids)),
    )
    return await _orders(session, rows)


async def orders_approved_as(session: Session, approval_id: str) -> list[OrderRecord]:
    rows = await session.fetch_all(
        "SELECT order_id FROM orders WHERE tenant_id = %s AND approval_id = %s"
        " ORDER BY created_at, plan_id, leg, slice",
        (session.tenant_id, approval_id),
    )
    return await _orders(session, rows)


async def open_trouble(
    session: Session,
    *,
    exception_id: str,
    account_id: str,
    kind: str,
    entry_order_id: str,
    message: str,
    at: datetime,
) -> bool:
    """Open a HIGH exception for an entry, or note that it is seen again; True when it is new."""
    key = f"{KEY_PREFIX}{entry_order_id}:{kind}"
    body = {
        "kind": kind,
        "severity": "H",
        "key": key,
        "message": message[:500],
        "order_id": entry_order_id,
    }
    row = await session.fetch_one(
        "INSERT INTO exceptions (tenant_id, exception_id, account_id, kind, severity, key, status,"
        " body, opened_at, last_seen_at) VALUES (%s,%s,%s,%s,'H',%s,'OPEN',%s::jsonb,%s,%s)"
        " ON CONFLICT (tenant_id, account_id, key) WHERE status <> 'RESOLVED'"
        " DO UPDATE SET last_seen_at = excluded.last_seen_at, body = excluded.body"
        " RETURNING exception_id",
        (
            session.tenant_id,
            exception_id,
            account_id,
            kind,
            key,
            canonical_json(dict(body)),
            at,
            at,
        ),
    )
    return row is not None and row["exception_id"] == exception_id


async def end_troubles(session: Session, entry_order_id: str, *, at: datetime) -> None:
    """Resolve every exception of an entry's protection."""
    await session.execute(
        "UPDATE exceptions SET status = 'RESOLVED', resolved_at = %s WHERE tenant_id = %s"
        " AND status <> 'RESOLVED' AND starts_with(key, %s)",
        (at, session.tenant_id, f"{KEY_PREFIX}{entry_order_id}:"),
    )


async def _orders(session: Session, rows: Sequence[Row]) -> list[OrderRecord]:
    found = [await find_order(session, row["order_id"]) for row in rows]
    return [order for order in found if order is not None]
