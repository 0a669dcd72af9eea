"""Whether a postback is the broker's own: pure."""

import hashlib
import hmac


def checksum(order_id: str, order_timestamp: str, secret: str) -> str:
    """Return the hex SHA-256 of order id, order time and the application's secret, joined.

    Source: Kite Connect, postbacks.
    """
    return hashlib.sha256(f"{order_id}{order_timestamp}{secret}".encode()).hexdigest()


def is_genuine(given: str, order_id: str, order_timestamp: str, secret: str) -> bool:
    """Compare in constant time; an empty secret vouches for nothing."""
    expected = checksum(order_id, order_timestamp, secret)
    return bool(secret) and hmac.compare_digest(given.encode(), expected.encode())
