"""What must be true of the store after any test of the order path, however it went."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import psycopg
from psycopg.rows import dict_row

from adapters.brokers.mock.client import MockBroker
from app.audit.log import first_break
from app.execution.claims import CLOCK_SKEW_MAX, JUDGEMENT_AGE_MAX
from app.persistence.audit import AuditRow
from app.persistence.location import DatabaseLocation
from riskgate.contracts.orders import OrderState

Row = dict[str, Any]
# Stages of exits whose approval comes before their judgement.
BEFORE = {"PROTECTION", "PANIC"}
AUDIT = (
    "SELECT seq, at, actor, action, entity, entity_id, body, prev_hash, row_hash FROM audit_log"
    " WHERE tenant_id = %s ORDER BY seq"
)


PLANS = (
    "SELECT plan_id, body, thread_id FROM plans LEFT JOIN runs USING (tenant_id, run_id)"
    " WHERE plans.tenant_id = %s"
)
SAID = "SELECT thread_id, content FROM messages WHERE tenant_id = %s AND role = 'user'"
# What decides an order, each with where it came from.
DECIDING = ("symbols", "side", "sizing", "order_type", "product", "account_id")
PRICES = ("limit_price", "trigger_price")
ALLOWED = {"user_span", "client_span", "ui", "playbook", "policy_default"}


def check(location: DatabaseLocation, *brokers: MockBroker, tenant: str = "main") -> None:
    """Raise AssertionError naming every broken promise; the mock brokers' journals count too."""
    assert faults_of(location, *brokers, tenant=tenant) == []


def tenants_of(location: DatabaseLocation) -> list[str]:
    """Return every tenant; none of a database whose schema a test took back."""
    with psycopg.connect(location.owner_conninfo) as connection:
        if connection.execute("SELECT to_regclass('broker_notices')").fetchone() == (None,):
            return []
        return [row[0] for row in connection.execute("SELECT tenant_id FROM tenants")]


def faults_of(location: DatabaseLocation, *brokers: MockBroker, tenant: str = "main") -> list[str]:
    """Return every broken promise in words."""
    with psycopg.connect(location.owner_conninfo, row_factory=dict_row) as connection:
        orders = connection.execute("SELECT * FROM orders WHERE tenant_id = %s", (tenant,))
        fills = connection.execute("SELECT * FROM fills WHERE tenant_id = %s", (tenant,))
        held = connection.execute("SELECT * FROM ledger_positions WHERE tenant_id = %s", (tenant,))
        audit = connection.execute(AUDIT, (tenant,)).fetchall()
        adjusted = connection.execute(
            "SELECT * FROM ledger_adjustments WHERE tenant_id = %s", (tenant,)
        ).fetchall()
        plans = connection.execute(PLANS, (tenant,)).fetchall()
        said = connection.execute(SAID, (tenant,)).fetchall()
        order_rows, fill_rows, position_rows = orders.fetchall(), fills.fetchall(), held.fetchall()
    return [
        *_chain_faults(audit),
        *_history_faults(order_rows, audit),
        *_provenance_faults(order_rows, plans, said),
        *_lateness_faults(order_rows),
        *_quantity_faults(order_rows, fill_rows),
        *_position_faults(fill_rows, adjusted, position_rows),
        *_journal_faults(order_rows, brokers),
    ]


def _chain_faults(audit: Sequence[Row]) -> list[str]:
    broken = first_break(AuditRow(**row) for row in audit)
    return [] if broken is None else [f"audit row {broken.seq}: {broken.reason}"]


def _history_faults(orders: Sequence[Row], audit: Sequence[Row]) -> list[str]:
    """Whatever was sent was judged ALLOW and approved before it was written SENDING.

    An exit that protects an entry, or that a panic sends, goes out under an approval given before
    it was judged.
    """
    faults = []
    for order in orders:
        sending = _seqs(audit, "order.sending", order["order_id"])
        if order["sent_at"] is None:
            faults += [f"{order['order_id']} was sent without a time"] if sending else []
            continue
        approved = _approvals(audit, order["approval_id"])
        stages = {
            row["seq"]: row["body"]["stage"]
            for row in audit
            if (row["action"], row["entity_id"]) == ("gate.allow", order["plan_id"])
            and row["body"]["stage"] in {"APPROVAL", *BEFORE}
        }
        allowed = list(stages)
        if len(sending) != 1 or len(approved) != 1 or not allowed:
            faults.append(
                f"{order['order_id']}: sending {sending}, approved {approved}, allowed {allowed}"
            )
        elif set(stages.values()) <= BEFORE:
            if not approved[0] < max(allowed) < sending[0]:
                faults.append(f"{order['order_id']} was sent before it was approved and allowed")
        elif not max(allowed) < approved[0] < sending[0]:
            faults.append(f"{order['order_id']} was sent before it was allowed and approved")
    return faults


def _provenance_faults(
    orders: Sequence[Row], plans: Sequence[Row], said: Sequence[Row]
) -> list[str]:
    """Every field that decided an order has an allowed source, and words stand where they were
    said: in a message that a person wrote in the same conversation."""
    faults = []
    sent_of = {order["plan_id"] for order in orders}
    for plan in plans:
        intent = plan["body"]["intent"]
        needed = [*DECIDING, *(name for name in PRICES if intent.get(name) is not None)]
        words = [row["content"] for row in said if row["thread_id"] == plan["thread_id"]]
        for name in needed if plan["plan_id"] in sent_of else ():
            source = intent["provenance"].get(name)
            # Which account a program named is decided by the person who approves its card.
            if name == "account_id" and intent["provenance"]["side"]["source"] == "client_span":
                continue
            if source is None or source["source"] not in ALLOWED:
                faults.append(f"{plan['plan_id']}: {name} came from {source}")
            elif source["source"].endswith("_span") and not any(
                text[source["start"] : source["end"]] == source["text"] for text in words
            ):
                faults.append(f"{plan['plan_id']}: nobody said {source['text']!r} of {name}")
    return faults


def _approvals(audit: Sequence[Row], approval_id: str) -> list[int]:
    cards = _seqs(audit, "card.approved", approval_id)
    return cards + _seqs(audit, "panic.approved", approval_id)


def _lateness_faults(orders: Sequence[Row]) -> list[str]:
    """Nothing is sent after its time, nor long after, or before, it was judged."""
    return [
        f"{o['order_id']} of {o['created_at']}, to be sent by {o['send_by']}, left {o['sent_at']}"
        for o in orders
        if o["sent_at"] is not None
        and not o["created_at"] - CLOCK_SKEW_MAX
        <= o["sent_at"]
        <= min(o["send_by"], o["created_at"] + JUDGEMENT_AGE_MAX)
    ]


def _seqs(audit: Sequence[Row], action: str, entity_id: str) -> list[int]:
    return [r["seq"] for r in audit if (r["action"], r["entity_id"]) == (action, entity_id)]


def _quantity_faults(orders: Sequence[Row], fills: Sequence[Row]) -> list[str]:
    """filled + open + cancelled = ordered, and filled is what the fills add up to."""
    booked: defaultdict[str, Decimal] = defaultdict(Decimal)
    for fill in fills:
        booked[fill["order_id"]] += Decimal(fill["body"]["quantity"])
    faults = []
    for order in orders:
        name, filled, cancelled = (
            order["order_id"],
            order["filled_quantity"],
            order["cancelled_quantity"],
        )
        if booked[name] != filled:
            faults.append(f"{name}: filled {filled}, its fills add up to {booked[name]}")
        ended = OrderState(order["state"]).final
        if ended and filled + cancelled != order["quantity"]:
            faults.append(f"{name} is {order['state']} with {filled} and {cancelled}")
        if not ended and (cancelled or filled >= order["quantity"]):
            faults.append(f"{name} is {order['state']} with nothing open")
    return faults


def _position_faults(
    fills: Sequence[Row], adjusted: Sequence[Row], positions: Sequence[Row]
) -> list[str]:
    """Expected positions are our fills and what people took over from the broker, nothing else."""
    booked: defaultdict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for fill in fills:
        body, ref = fill["body"], fill["body"]["instrument"]
        sign = 1 if body["side"] == "BUY" else -1
        key = (ref["exchange"], ref["tradingsymbol"], body["product"])
        booked[key] += sign * Decimal(body["quantity"])
    for row in adjusted:
        booked[row["exchange"], row["tradingsymbol"], row["product"]] += row["quantity"]
    held = {(p["exchange"], p["tradingsymbol"], p["product"]): p["quantity"] for p in positions}
    keys = booked.keys() | held.keys()
    return [
        f"{key}: the ledger holds {held.get(key, 0)}, fills and adjustments add up to {booked[key]}"
        for key in keys
        if held.get(key, Decimal(0)) != booked[key]
    ]


def _journal_faults(orders: Sequence[Row], brokers: Sequence[MockBroker]) -> list[str]:
    calls = [call for broker in brokers for call in broker.journal if call.method == "place_order"]
    sent = Counter(call.detail for call in calls)
    written = {order["tag"] for order in orders if order["sent_at"] is not None}
    repeated = [f"{tag} was sent {times} times" for tag, times in sent.items() if times > 1]
    return repeated + [f"{tag} was sent but not written down" for tag in sent.keys() - written]
