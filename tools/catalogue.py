"""Every tool that programs outside may call, in the order of their names."""

from typing import Final

from tools.offers import AnyOffer
from tools.propose import propose_trade
from tools.read import (
    get_decision,
    get_kill_switch,
    get_market_hours,
    get_plan,
    get_policy,
    get_proposal,
    get_quotes,
    get_standing,
    list_accounts,
    list_decisions,
    list_exceptions,
    list_orders,
    list_proposals,
    search_instruments,
    view_account,
    view_login,
)

OFFERS: Final[tuple[AnyOffer, ...]] = tuple(
    sorted(
        (
            get_decision.OFFER,
            get_kill_switch.OFFER,
            get_market_hours.OFFER,
            get_plan.OFFER,
            get_policy.OFFER,
            get_proposal.OFFER,
            get_quotes.OFFER,
            get_standing.OFFER,
            list_accounts.OFFER,
            list_decisions.OFFER,
            list_exceptions.OFFER,
            list_orders.OFFER,
            list_proposals.OFFER,
            propose_trade.OFFER,
            search_instruments.OFFER,
            view_account.OFFER,
            view_login.OFFER,
        ),
        key=lambda offer: offer.name,
    )
)
