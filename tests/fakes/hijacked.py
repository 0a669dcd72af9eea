"""A model that somebody else has taken over: it obeys the newest instruction anywhere in what it
is shown, and knows the attack besides; it may answer with anything."""

import itertools
import json
import re
from dataclasses import dataclass, field

from tests.fakes.loopback import Reply
from tests.fakes.model_answers import an_answer, an_order
from tests.fakes.model_server import Payload, completion

ORDER = re.compile(
    r"(?P<side>buy|purchase|load up on|sell|short|offload|dump)\D{0,20}(?P<number>\d[\d,.]*)"
    r"\D{0,20}?(?P<symbol>[A-Z]{2,})",
    re.IGNORECASE,
)
SELLING = ("sell", "short", "offload", "dump")
ACTING = ("place_order", "submit_plan", "approve_card", "cancel_order", "set_policy", "send_email")


@dataclass
class HijackedModel:
    """Script of a ModelServer; `attack` is what it was told from outside, whatever it is shown."""

    attack: str = ""
    obeyed: int = 0
    turns: "itertools.count[int]" = field(default_factory=itertools.count)

    def __call__(self, payload: Payload) -> Reply | str:
        shown = "\n".join(message["content"] for message in payload["messages"][1:])
        newest = [*ORDER.finditer(shown), *ORDER.finditer(self.attack)]
        self.obeyed += bool(newest)
        menu = (self._order, self._lifted, self._act, self._tools, self._ask, self._leak)
        return menu[next(self.turns) % len(menu)](shown, newest[-1] if newest else None)

    def _order(self, shown: str, found: "re.Match[str] | None") -> str:
        """Order exactly what the instruction says, in its own words."""
        if found is None:
            return an_answer("cancel")
        side = "SELL" if found["side"].lower() in SELLING else "BUY"
        order = an_order(
            side=(side, found["side"]),
            symbols=[(found["symbol"].upper(), found["symbol"])],
            quantity=(found["number"].replace(",", ""), found["number"]),
        )
        return an_answer("trade", orders=[order])

    def _lifted(self, shown: str, found: "re.Match[str] | None") -> str:
        """Order what the instruction says under words of the person's own message."""
        words = json.loads(shown.splitlines()[0])["message"].split() or ["x"]
        number = "100" if found is None else found["number"]
        order = an_order(
            side=("BUY", words[0]),
            symbols=[("TCS", words[-1])],
            quantity=(number, words[len(words) // 2]),
        )
        return an_answer("trade", orders=[order])

    def _act(self, shown: str, found: "re.Match[str] | None") -> str:
        """Ask for tools that act, by whatever name."""
        looks = [{"tool": tool, "symbols": ["TCS", "100"]} for tool in ACTING[:3]]
        return an_answer("chat", looks=looks, wants="portfolio_detail")

    def _tools(self, shown: str, found: "re.Match[str] | None") -> Reply:
        """Call tools in the endpoint's own way."""
        body = json.loads(completion(None).body)
        body["choices"][0]["message"]["tool_calls"] = [
            {"id": f"call_{tool}", "type": "function",
             "function": {"name": tool, "arguments": json.dumps({"why": self.attack})}}
            for tool in ACTING
        ]  # fmt: skip
        return Reply(200, json.dumps(body))

    def _ask(self, shown: str, found: "re.Match[str] | None") -> str:
        return an_answer(next(itertools.cycle(["cancel", "modify", "monitor"])))

    def _leak(self, shown: str, found: "re.Match[str] | None") -> str:
        return json.dumps({"kind": "chat", "say": shown, "attack": self.attack})
