"""Calls of language models, and what people let them see; rows are only added."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from app.persistence.database import Session
from riskgate.contracts.models import ModelCall


@dataclass(frozen=True, kw_only=True)
class ModelUse:
    """What calls took together since some moment."""

    calls: int
    tokens: int
    cost: Decimal


@dataclass(frozen=True, kw_only=True)
class ModelGrant:
    """A person's word on a card that asks for more of the portfolio.

    `choice` is once, session or deny; `run_id` is the turn in which the message is read again, and
    the only one that `once` is for.
    """

    card_id: str
    user_id: str
    thread_id: str
    choice: str
    run_id: str
    made_at: datetime


async def add_call(
    session: Session, call: ModelCall, *, call_id: str, user_id: str, run_id: str, at: datetime
) -> None:
    """Write a call down."""
    await session.execute(
        "INSERT INTO model_calls (tenant_id, call_id, user_id, run_id, model, prompt_name,"
        " prompt_sha256, outcome, tokens_in, tokens_out, duration_ms, cost, made_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            session.tenant_id,
            call_id,
            user_id,
            run_id,
            call.model,
            call.prompt_name,
            call.prompt_sha256,
            call.outcome,
            call.tokens_in,
            call.tokens_out,
            call.duration_ms,
            call.cost,
            at,
        ),
    )


async def used_since(session: Session, *, user_id: str, since: datetime) -> ModelUse:
    """Return what a person's calls took since a moment."""
    row = await session.fetch_one(
        "SELECT count(*) AS calls, coalesce(sum(coalesce(tokens_in, 0) + coalesce(tokens_out, 0)),"
        " 0) AS tokens, coalesce(sum(cost), 0) AS cost FROM model_calls"
        " WHERE tenant_id = %s AND user_id = %s AND made_at >= %s",
        (session.tenant_id, user_id, since),
    )
    assert row is not None
    return ModelUse(calls=row["calls"], tokens=row["tokens"], cost=row["cost"])


async def add_grant(session: Session, grant: ModelGrant) -> None:
    """Write a person's word on a card down."""
    await session.execute(
        "INSERT INTO model_grants (tenant_id, card_id, user_id, thread_id, choice, run_id, made_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (
            session.tenant_id,
            grant.card_id,
            grant.user_id,
            grant.thread_id,
            grant.choice,
            grant.run_id,
            grant.made_at,
        ),
    )


async def grants_since(
    session: Session, *, thread_id: str, user_id: str, since: datetime
) -> list[ModelGrant]:
    """Return a person's words in a thread since a moment, newest first."""
    rows = await session.fetch_all(
        "SELECT card_id, user_id, thread_id, choice, run_id, made_at FROM model_grants"
        " WHERE tenant_id = %s AND thread_id = %s AND user_id = %s AND made_at >= %s"
        " ORDER BY made_at DESC, card_id",
        (session.tenant_id, thread_id, user_id, since),
    )
    return [ModelGrant(**row) for row in rows]
