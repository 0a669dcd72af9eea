"""What a test can do to the way between us and a broker, and to the broker itself."""

from typing import Protocol


class BrokerFaults(Protocol):
    """Trouble for one broker. A stand-in offers what it can; the rest is in `cannot`."""

    @property
    def place_calls(self) -> int:
        """How many place calls have reached the broker, whatever became of them."""
        ...

    def lose_next_reply(self) -> None:
        """Let the next order be taken and its answer be lost."""
        ...

    def lose_next_order(self) -> None:
        """Let the next order never enter the book; the caller only sees that no answer comes."""
        ...

    def lose_next_cancel_reply(self) -> None:
        """Let the next cancel be done and its answer be lost."""
        ...

    def garble_next_reply(self) -> None:
        """Let the next order be taken and answered with what cannot be read."""
        ...

    def refuse_next(self, reason: str) -> None:
        """Let the broker refuse the next order in these words."""
        ...

    def go_down(self) -> None:
        """Make the broker unreachable until `come_up`."""
        ...

    def come_up(self) -> None:
        """Answer again."""
        ...
