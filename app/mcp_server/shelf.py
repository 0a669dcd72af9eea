"""Records as resources: an address is a tool's answer under a name that hosts can pin."""

from dataclasses import dataclass
from typing import Final

from mcp_types import Resource, ResourceTemplate
from pydantic import JsonValue

from tools.offers import AnyOffer
from tools.read import get_decision, get_plan, get_policy

MIME_TYPE: Final = "application/json"
SCHEME: Final = "sigmatrader://"
CURRENT: Final = "current"


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """One kind of record; `argument` is what the tool calls its id."""

    kind: str
    title: str
    description: str
    offer: AnyOffer
    argument: str

    @property
    def template(self) -> str:
        return f"{SCHEME}{self.kind}/{{{self.argument}}}"


@dataclass(frozen=True, kw_only=True)
class Address:
    """A resource that was asked for: the tool that answers it, and its arguments."""

    offer: AnyOffer
    arguments: dict[str, JsonValue]


SHELVES: Final = (
    Shelf(
        kind="decision",
        title="Decision",
        description="One turn: what was asked, the gate's verdict, the orders, what was said.",
        offer=get_decision.OFFER,
        argument="decision_id",
    ),
    Shelf(
        kind="plan",
        title="Plan",
        description="One plan: legs, sizes, prices, and the words each value came from.",
        offer=get_plan.OFFER,
        argument="plan_id",
    ),
    Shelf(
        kind="policy",
        title="Policy",
        description="The limits of one policy, by its hash.",
        offer=get_policy.OFFER,
        argument="policy_hash",
    ),
)
POLICY_IN_FORCE: Final = Resource(
    name="policy",
    title="Policy in force",
    uri=f"{SCHEME}policy/{CURRENT}",
    description="The limits of the default account now.",
    mime_type=MIME_TYPE,
)


def served_shelves(offers: tuple[AnyOffer, ...]) -> tuple[Shelf, ...]:
    """Return the shelves whose tools are served."""
    return tuple(shelf for shelf in SHELVES if shelf.offer in offers)


def listed(shelves: tuple[Shelf, ...]) -> list[Resource]:
    """Return the resources that are always there."""
    return [POLICY_IN_FORCE] if any(shelf.kind == "policy" for shelf in shelves) else []


def templates(shelves: tuple[Shelf, ...]) -> list[ResourceTemplate]:
    """Return the addresses that an id completes."""
    return [
        ResourceTemplate(
            name=shelf.kind,
            title=shelf.title,
            uri_template=shelf.template,
            description=shelf.description,
            mime_type=MIME_TYPE,
        )
        for shelf in shelves
    ]


def address(shelves: tuple[Shelf, ...], uri: str) -> Address | None:
    """Return what a resource's address means, None for one that is not served."""
    if uri == POLICY_IN_FORCE.uri:
        kind, record = "policy", None
    else:
        kind, slash, record = uri.removeprefix(SCHEME).partition("/")
        if not uri.startswith(SCHEME) or not slash or not record:
            return None
    shelf = next((one for one in shelves if one.kind == kind), None)
    if shelf is None:
        return None
    return Address(offer=shelf.offer, arguments={} if record is None else {shelf.argument: record})
