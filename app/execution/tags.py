"""The tag that names an order at the broker, the same for every look at the same leg."""

import base64
import hashlib

TAG_LENGTH = 20


def order_tag(*, plan_id: str, leg: int, slice_no: int) -> str:
    """Return 20 letters and digits that only this plan, leg and slice give.

    Kite refuses tags over 20 characters and does not refuse a repeated one (its order API).
    """
    digest = hashlib.sha256(f"{plan_id}|{leg}|{slice_no}|0".encode()).digest()
    return base64.b32encode(digest).decode()[:TAG_LENGTH]
