"""What a person can do to the stand-in by hand, and the page that offers it."""

from collections.abc import Callable, Mapping
from html import escape
from typing import Final

from tests.fakes.kite_standin.pages import page
from tests.fakes.kite_standin.server import KiteStandin
from tests.fakes.kite_standin.troubles import ANY, Kind, Trouble
from tests.fakes.kite_standin.wire import HTML, NOT_FOUND
from tests.fakes.loopback import Reply, Request

ORDER_TOOLS: Final = ("place_order", "modify_order", "cancel_order")
Act = Callable[[KiteStandin], None]


def _next_order(kind: Kind) -> Act:
    return lambda kite: kite.troubles.add("place_order", Trouble(kind))


ACTS: Final[Mapping[str, tuple[str, Act]]] = {
    "late-booked": (
        "Next order: Kite books it and answers too late (7 s, then “Failed to place order”)",
        _next_order(Kind.KITE_LATE_BOOKED),
    ),
    "late-lost": (
        "Next order: Kite says nothing for 7 s and books nothing (the same text)",
        _next_order(Kind.KITE_LATE_NOT_BOOKED),
    ),
    "drop-before": (
        "Next order: the connection breaks before it is booked",
        _next_order(Kind.HANG_UP_BEFORE),
    ),
    "drop-after": (
        "Next order: it is booked and the connection breaks",
        _next_order(Kind.HANG_UP_AFTER),
    ),
    "no-id": ("Next order: booked, answered with an empty order_id", _next_order(Kind.KITE_EMPTY)),
    "reject": (
        "Next order: rejected by Kite’s risk checks",
        lambda kite: kite.refuse_next("RMS: blocked by hand at the stand-in"),
    ),
    "storm": (
        "Next 10 calls: the proxy before the server answers 503",
        lambda kite: kite.storm(ANY, 503, times=10),
    ),
    "restart": ("Restart the server: all sessions are forgotten", KiteStandin.restart),
    "end-sessions": ("End all sessions (404 from now on)", KiteStandin.end_sessions),
    "six-o-clock": (
        "Six in the morning: all of Kite’s tokens die",
        lambda kite: kite.kite.end_tokens(),
    ),
    "replica": (
        "Next 3 calls: another replica answers, which knows no session",
        lambda kite: kite.troubles.add(ANY, Trouble(Kind.OTHER_REPLICA), times=3),
    ),
    "hosted": (
        "Be the hosted server: no order tools",
        lambda kite: kite.listing.exclude(*ORDER_TOOLS),
    ),
    "poison": (
        "Poison the description of get_quotes",
        lambda kite: kite.listing.poison("get_quotes"),
    ),
    "rug-pull": (
        "Give place_order a new argument",
        lambda kite: kite.listing.add_field("place_order", "sweep", {"type": "boolean"}),
    ),
    "shadow": ("List a place_order_v2", lambda kite: _shadow(kite)),
    "as-shipped": ("List the tools as they were", lambda kite: kite.listing.allow()),
    "calm": ("Forget all troubles that wait", lambda kite: kite.troubles.clear()),
    "new-day": ("Begin a new day: yesterday’s orders are gone", lambda kite: _new_day(kite)),
}


class HandheldStandin(KiteStandin):
    """The stand-in with a page of controls at `/control`, for a person at this machine."""

    async def answer(self, request: Request) -> Reply:
        if not request.path.startswith("/control"):
            return await super().answer(request)
        if request.method == "GET":
            return Reply(200, control_page(self), HTML)
        act = ACTS.get(request.path.removeprefix("/control/"))
        # A page elsewhere could send a form here; a browser says where it came from.
        if act is None or request.headers.get("origin", self.origin) != self.origin:
            return NOT_FOUND
        act[1](self)
        return Reply(303, "", {"content-type": "", "location": "/control"})


def control_page(kite: KiteStandin) -> str:
    """Return the page: what is going on, and a button for each act."""
    buttons = "".join(
        f'<form method="post" action="/control/{name}"><button>{escape(label)}</button></form>'
        for name, (label, _) in ACTS.items()
    )
    books = "".join(
        f"<h2>{escape(account.user.name)}</h2><ul>{_orders(kite, user_id)}</ul>"
        for user_id, account in kite.kite.accounts.items()
        if account.oms.orders
    )
    living = sum(not session.ended for session in kite.sessions.all())
    return page(
        "Kite stand-in",
        f"<p>{living} sessions, {len(kite.calls)} tool calls.</p>{books}<h2>Trouble</h2>{buttons}",
    )


def _orders(kite: KiteStandin, user_id: str) -> str:
    return "".join(
        f"<li>{order.order_id}: {escape(order.form['transaction_type'])} {order.quantity} "
        f"{escape(str(order.ref))} at {escape(order.form['price'])}: {order.status}, "
        f"{order.filled} filled, tag {escape(order.form.get('tag', 'none'))}</li>"
        for order in kite.account(user_id).oms.orders
    )


def _shadow(kite: KiteStandin) -> None:
    kite.listing.shadow("place_order")


def _new_day(kite: KiteStandin) -> None:
    for account in kite.kite.accounts.values():
        account.oms.begin_a_day()
