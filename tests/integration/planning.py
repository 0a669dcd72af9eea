"""Short words for plans that are validated and executed over HTTP."""

from decimal import Decimal
from itertools import count
from typing import Any

import httpx

from riskgate.policy import DEFAULT_POLICY, LiveLimits, Policy
from tests.integration.driving import BUY, say
from tests.unit.riskgate.builders import changed

KEYS = count(1)


def live_policy(
    orders: int = 10, notional: int = 100_000, loss: int = 1_000, **changes: Any
) -> Policy:
    """Return the default policy with the limits of a day that a live order needs."""
    limits = LiveLimits(
        max_orders_per_day=orders,
        max_notional_per_day=Decimal(notional),
        max_loss_per_day=Decimal(loss),
    )
    return changed(DEFAULT_POLICY, live=limits, **changes)


async def planned(client: httpx.AsyncClient, message: str = BUY, **more: Any) -> tuple[str, str]:
    """Ask for a trade and return the ids of its plan and of the card that waits."""
    answer = await say(client, message, **more)
    assert answer["outcome"] == "AWAITING_APPROVAL", answer["message"]
    return str(answer["plan_id"]), str(answer["cards"][-1]["id"])


async def validated(client: httpx.AsyncClient, plan_id: str, **body: Any) -> dict[str, Any]:
    reply = await client.post(f"/api/v1/plans/{plan_id}/validate", json=body)
    assert reply.status_code == 200, reply.text
    report: dict[str, Any] = reply.json()["validation"]
    return report


async def executed(
    client: httpx.AsyncClient, plan_id: str, mode: str | None = None, **body: Any
) -> dict[str, Any]:
    """Execute under a key of its own and return the whole answer."""
    asked = body if mode is None else {"mode": mode, **body}
    reply = await post_execute(client, plan_id, asked, key=f"key-{next(KEYS)}")
    assert reply.status_code == 200, reply.text
    answer: dict[str, Any] = reply.json()
    return answer


async def post_execute(
    client: httpx.AsyncClient, plan_id: str, body: dict[str, Any], *, key: str | None
) -> httpx.Response:
    headers = {} if key is None else {"Idempotency-Key": key}
    return await client.post(f"/api/v1/plans/{plan_id}/execute", json=body, headers=headers)


def codes_of(report: dict[str, Any]) -> list[str]:
    """Return the codes of a validation's checks that failed or warn."""
    return [check["code"] for check in report["checks"] if check["code"]]


def said_by(answer: dict[str, Any]) -> str:
    """Return what an execution's report says to people."""
    return "\n".join(answer["text"])
