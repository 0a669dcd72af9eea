"""What the edges may ask about the protection of accounts."""

from dataclasses import dataclass

from app.protection.drain import Drain
from app.protection.panic import Panic
from app.protection.service import Protector


@dataclass(frozen=True, kw_only=True)
class ProtectionDesk:
    """Who protects entries, who closes an account at once, and who drains it."""

    protector: Protector
    panic: Panic
    drain: Drain
