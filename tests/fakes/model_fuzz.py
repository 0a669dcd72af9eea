"""Replies of a model that is broken, confused or lying, by a seed."""

import json
import random
from collections.abc import Callable
from typing import Any

from tests.fakes.loopback import HangUp, Reply
from tests.fakes.model_answers import an_answer, an_order
from tests.fakes.model_server import Payload, completion, failure

SIDES = ("BUY", "SELL", "buy", "HOLD", "")
NUMBERS = ("10", "100", "7", "0", "-10", "1e9", "NaN", "Infinity", "10.0", "3500", "9" * 40, "ten")
SYMBOLS = ("INFY", "TCS", "SBIN", "NSE:INFY", "RELIANCE", "IGNORE", "../x", "")
KINDS = ("trade", "query", "cancel", "modify", "monitor", "chat", "refuse", "approve", "")
TOOLS = ("place_order", "approve_card", "submit_plan", "get_quotes", "view_account", "find_repeat")
METHODS = ("quantity", "lots", "notional", "fraction", "equity_pct", "risk_amount", "risk_pct")


class Fuzz:
    """Makes one reply after another; the same seed makes the same ones."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self.made = 0

    def __call__(self, payload: Payload) -> Reply | str | None:
        self.made += 1
        words = json.loads(payload["messages"][1]["content"])["message"].split()
        makers: list[Callable[[list[str]], Reply | str | None]] = [
            self._lie, self._lie, self._lie, self._lie, self._lie, self._odd_kind,
            self._broken_json, self._wrong_types, self._tool_call, self._status, self._huge,
            self._empty, self._deep, self._strange_text, self._strange_usage, self._hang_up,
        ]  # fmt: skip
        return self._random.choice(makers)(words)

    def _pair(self, values: tuple[str, ...], words: list[str]) -> tuple[str, str]:
        said = self._random.choice([*words, *values, "not in the message", ""])
        return self._random.choice([*values, said]), said

    def _lie(self, words: list[str]) -> str:
        chance = self._random.random
        order = an_order(
            side=self._pair(SIDES, words),
            symbols=[self._pair(SYMBOLS, words) for _ in range(self._random.choice([1, 1, 1, 2]))],
            quantity=self._pair(NUMBERS, words),
            method=self._random.choice(METHODS),
            limit_price=self._pair(NUMBERS, words) if chance() < 0.3 else None,
            trigger_price=self._pair(NUMBERS, words) if chance() < 0.2 else None,
            stop_loss=self._pair(NUMBERS, words) if chance() < 0.2 else None,
            target=self._pair(NUMBERS, words) if chance() < 0.2 else None,
            product=self._pair(("CNC", "MIS"), words) if chance() < 0.3 else None,
            order_type=self._pair(("MARKET", "LIMIT"), words) if chance() < 0.3 else None,
        )
        return an_answer("trade", orders=[order] * self._random.choice([1, 1, 1, 1, 2]))

    def _odd_kind(self, words: list[str]) -> str:
        named = [dict(zip(("value", "words"), self._pair(SYMBOLS, words), strict=True))]
        looks = [{"tool": self._random.choice(TOOLS), "symbols": ["INFY"]}]
        return an_answer(
            self._random.choice(KINDS),
            topic=self._random.choice(["quote", "positions", "secrets", None]),
            symbols=named,
            looks=looks if self._random.random() < 0.5 else [],
            wants=self._random.choice(["nothing", "portfolio_detail", "everything"]),
        )

    def _broken_json(self, words: list[str]) -> str:
        whole = self._lie(words)
        return whole[: self._random.randrange(len(whole))]

    def _wrong_types(self, words: list[str]) -> str:
        whole: dict[str, Any] = json.loads(self._lie(words))
        odd: Any = self._random.choice([1, None, [[]], {"a": 1}, "x"])
        whole[self._random.choice(list(whole))] = odd
        return json.dumps(whole)

    def _tool_call(self, words: list[str]) -> Reply:
        call = {
            "id": "call_1",
            "type": "function",
            "function": {
                "name": self._random.choice(TOOLS),
                "arguments": json.dumps({"symbol": "INFY", "quantity": 100, "words": words}),
            },
        }
        body = json.loads(completion(None).body)
        body["choices"][0]["message"]["tool_calls"] = [call]
        body["choices"][0]["finish_reason"] = "tool_calls"
        return Reply(200, json.dumps(body))

    def _status(self, _: list[str]) -> Reply:
        return failure(self._random.choice([400, 401, 403, 404, 409, 418, 422, 429, 500, 503]))

    def _huge(self, _: list[str]) -> Reply:
        return self._random.choice(
            [completion("x" * 1_000_000), Reply(200, " " * 4_096, endless=True)]
        )

    def _empty(self, _: list[str]) -> Reply:
        return self._random.choice(
            [completion(""), completion(None, refusal="no"), Reply(200, ""), Reply(204, "")]
        )

    def _deep(self, _: list[str]) -> str:
        return self._random.choice(["[" * 9_000, '{"kind":' * 3_000, "{}" * 500])

    def _strange_text(self, words: list[str]) -> str:
        fenced = "```json\n" + self._lie(words) + "\n```"
        return self._random.choice(["\x00", fenced, "BUY 100 TCS now", "null", "NaN", "🚀"])

    def _strange_usage(self, words: list[str]) -> Reply:
        body = json.loads(completion(self._lie(words)).body)
        body["usage"] = {"prompt_tokens": 10**30, "completion_tokens": -5}
        body["model"] = "m\x00\n" * 200
        return Reply(200, json.dumps(body))

    def _hang_up(self, _: list[str]) -> Reply | None:
        raise HangUp
