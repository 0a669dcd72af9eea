"""Kite's triggers over the tools of one logged-in session.

They are orders that wait, and their tools are order tools: the same budget, the same quarantine.
Nothing of the system places one by itself; who does goes through the gate as with any order.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from pydantic import JsonValue

from adapters.brokers.kite_mcp import replies
from adapters.brokers.kite_mcp.fields import Unreadable
from adapters.brokers.kite_mcp.gtt import (
    ACTIVE,
    KiteTrigger,
    TriggerTerms,
    change_trigger_arguments,
    matching,
    place_trigger_arguments,
    triggers_of,
)
from adapters.brokers.kite_mcp.ports import (
    KiteReply,
    KiteTools,
    ToolsInterrupted,
    ToolsUnavailable,
)
from adapters.errors import BrokerUnavailable, OrderRejected, OutcomeUnknown
from adapters.ports import InstrumentLookup
from riskgate.contracts.instruments import InstrumentRef


class KiteTriggers:
    """The triggers of one account.

    Each method may raise BrokerUnavailable, and those that write OrderRejected and
    OutcomeUnknown: then `find` says what became of a new one.
    """

    def __init__(self, *, tools: KiteTools, instruments: InstrumentLookup) -> None:
        self._tools = tools
        self._instruments = instruments

    async def all(self) -> tuple[KiteTrigger, ...]:
        """Return the triggers that have a form here, those that were met included."""
        rows = replies.rows_of("get_gtts", await self._asked("get_gtts", {}))
        try:
            return triggers_of(rows, tick=self._tick)
        except Unreadable as fault:
            raise BrokerUnavailable(f"Kite's triggers cannot be read: {fault}") from None

    async def place(self, terms: TriggerTerms, *, last_price: Decimal) -> KiteTrigger:
        """Place a trigger once and return it as the book shows it."""
        instrument = self._instruments.get(terms.instrument)
        arguments = place_trigger_arguments(terms, last_price, instrument)
        return await self._written("place_gtt_order", arguments, terms)

    async def change(
        self, trigger_id: int, terms: TriggerTerms, *, last_price: Decimal
    ) -> KiteTrigger:
        """Change a waiting CNC trigger once and return it as the book shows it."""
        kept = await self._kept(trigger_id)
        instrument = self._instruments.get(terms.instrument)
        arguments = change_trigger_arguments(kept, terms, last_price, instrument)
        return await self._written("modify_gtt_order", arguments, terms)

    async def delete(self, trigger_id: int) -> None:
        """Take a waiting trigger away; one that was met, or is not there, is OrderRejected."""
        kept = await self._kept(trigger_id)
        if kept.status != ACTIVE:
            raise OrderRejected(f"trigger {trigger_id} is {kept.status} at Kite")
        reply = await self._sent("delete_gtt_order", {"trigger_id": trigger_id})
        _must_be(trigger_id, replies.trigger_id_of("delete_gtt_order", reply))
        left = [each for each in await self._seen() if each.trigger_id == trigger_id]
        if any(each.status == ACTIVE for each in left):
            raise OutcomeUnknown(f"Kite took the deletion of trigger {trigger_id} and shows it")

    async def find(self, terms: TriggerTerms, *, sent_at: datetime) -> KiteTrigger | None:
        """Return the trigger of these terms made since `sent_at`; None when there is none.

        This is the look-up after an unknown outcome: Kite takes the same terms as often as they
        are sent and nothing names a trigger, so more than one is OutcomeUnknown, for a person.
        """
        found = matching(await self.all(), terms, sent_at=sent_at)
        if len(found) > 1:
            ids = ", ".join(str(each.trigger_id) for each in found)
            raise OutcomeUnknown(f"Kite has {len(found)} triggers of these terms: {ids}")
        return found[0] if found else None

    async def _written(
        self, tool: str, arguments: Mapping[str, JsonValue], terms: TriggerTerms
    ) -> KiteTrigger:
        trigger_id = replies.trigger_id_of(tool, await self._sent(tool, arguments))
        if "trigger_id" in arguments:
            _must_be(int(str(arguments["trigger_id"])), trigger_id)
        shown = next((each for each in await self._seen() if each.trigger_id == trigger_id), None)
        if shown is None or shown.terms != terms:
            raise OutcomeUnknown(f"Kite took trigger {trigger_id} and does not show it as sent")
        return shown

    async def _kept(self, trigger_id: int) -> KiteTrigger:
        for kept in await self.all():
            if kept.trigger_id == trigger_id:
                return kept
        raise OrderRejected(f"trigger {trigger_id} is not among those at Kite that can be changed")

    async def _seen(self) -> tuple[KiteTrigger, ...]:
        try:
            return await self.all()
        except BrokerUnavailable as unseen:
            raise OutcomeUnknown(f"Kite took it and cannot be asked: {unseen.message}") from unseen

    async def _asked(self, tool: str, arguments: Mapping[str, JsonValue]) -> KiteReply:
        try:
            return await self._tools.call(tool, arguments)
        except (ToolsUnavailable, ToolsInterrupted) as failed:
            raise BrokerUnavailable(f"Kite was not asked {tool}: {failed.message}") from failed

    async def _sent(self, tool: str, arguments: Mapping[str, JsonValue]) -> KiteReply:
        try:
            return await self._tools.call(tool, arguments)
        except ToolsUnavailable as unsent:
            raise BrokerUnavailable(f"{tool} was not sent to Kite: {unsent.message}") from unsent
        except ToolsInterrupted as lost:
            raise OutcomeUnknown(f"{tool} may have reached Kite: {lost.message}") from lost

    def _tick(self, ref: InstrumentRef) -> Decimal | None:
        instrument = self._instruments.get(ref)
        return None if instrument is None else instrument.tick_size


def _must_be(meant: int, answered: int) -> None:
    if answered != meant:
        raise OutcomeUnknown(f"Kite answered for another trigger than {meant}; look again")
