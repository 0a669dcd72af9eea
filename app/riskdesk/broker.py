"""What the desk sends orders to, and the simulated broker that fills at the desk's own prices."""

from typing import NamedTuple, Protocol

from riskgate.contracts.orders import OrderType
from riskgate.facts import Candidate, Price
from riskgate.record_bodies import Fill


class BrokerRefused(Exception):
    """The broker did not take the order; nothing of it is open there."""


class Cancelled(NamedTuple):
    """An order of which the rest will not fill, and why."""

    order_id: str
    reason: str


class Broker(Protocol):
    """Where orders go. Events are handed out until nothing is new; one may come twice."""

    def submit(self, order_id: str, candidate: Candidate, price: Price) -> None:
        """Send an order. Raises BrokerRefused; after any other error it may be open there."""

    def events(self) -> list[Fill | Cancelled]:
        """Return what happened to orders since the last call."""


class SimulatedBroker:
    """Fills market orders whole at the last price, and limit orders that it reaches.

    A limit order that is not reached is cancelled at once: nothing ever rests here.
    """

    def __init__(self) -> None:
        self._events: list[Fill | Cancelled] = []

    def submit(self, order_id: str, candidate: Candidate, price: Price) -> None:
        """Fill or cancel the order; the desk hears of it by events."""
        limit = candidate.limit_price if candidate.order_type is OrderType.LIMIT else None
        if limit is not None and (limit - price.last) * candidate.sign < 0:
            self._events.append(Cancelled(order_id, "the market did not reach its limit"))
        else:
            fill = Fill(f"{order_id}-1", order_id, candidate.quantity, price.last)
            self._events.append(fill)

    def events(self) -> list[Fill | Cancelled]:
        """Return what happened since the last call."""
        found, self._events = self._events, []
        return found
