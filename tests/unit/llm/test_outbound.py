"""What stays here is found however it is written; prices and times go out."""

import pytest

from adapters.llm.outbound import kinds_found, strings_in

STAYS = [
    ("PAN", "my pan is ABCPE1234F"),
    ("PAN", "pan:abcpe1234f."),
    ("AADHAAR", "aadhaar 2345 6789 0124"),
    ("AADHAAR", "2345-6789-0124"),
    ("AADHAAR", "id 234567890124"),
    ("PHONE", "call 9876543210"),
    ("PHONE", "call me, 98765 43210"),
    ("PHONE", "+91 98765-43210"),
    ("PHONE", "+919876543210"),
    ("PHONE", "09876543210"),
    ("PHONE", "987 654 3210"),
    ("PHONE", "９８７６５４３２１０"),
    ("PHONE", "९८७६५४३२१०"),
    ("PHONE", "98765\u200b43210"),
    ("PHONE", "9876543210,9876543211"),
    ("PHONE", "(415) 555-2671"),
    ("PHONE", "415-555-2671"),
    ("PHONE", "+44 20 7946 0958"),
    ("EMAIL", "write to asha.rao+desk@example.co.in"),
    ("IFSC", "HDFC0001234"),
    ("BANK_ACCOUNT", "account number 50100123456789"),
    ("BANK_ACCOUNT", "A/c: 1234 5678 9012"),
    ("TOKEN", "st_4f9a0b1c2d3e4f5a6b7c"),
    ("TOKEN", "kitemcp-5f1d7a52-1b2c"),
    ("TOKEN", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"),
    ("TOKEN", "Authorization: Bearer abcdef123456"),
    ("TOKEN", "sk-proj-abcdefghijklmnop"),
    ("TOKEN", "a3f5c8e1b2d4f6a7c9e0b1d3f5a7c9e1"),
    ("SECRET", "the password is hunter2"),
    ("SECRET", "enctoken=x"),
    ("ORDER_ID", "ord_0123456789abcdef0123"),
    ("ORDER_ID", "order 250311000123456"),
    ("ORDER_ID", "order 2031100012345678"),
    ("ORDER_ID", "61e69015-8549-4bfd-b9c3-01e75843f47d"),
]

GOES = [
    "buy 10 INFY at 1480.50, cnc, stop 2%",
    "timestamp 1773203400",
    "timestamp 1773203400123",
    "timestamp 1773203400123456",
    "timestamp 1773203400123456789",
    "2026-03-11T04:30:00.123456Z",
    "2026-03-11 04:30",
    "11-03-2026",
    "NSE token 408065, NFO token 128083204",
    "₹9876543210 worth",
    "Rs. 9876543210",
    "turnover 9876543210.55",
    "98,76,54,3210 rupees",
    "9876543210 shares",
    "P&L +123456.78 and -98765.43",
    "NIFTY26MAR24000CE BANKNIFTY26MAR58000PE NIFTY2631024000CE",
    "quantity 1000000000, freeze 100000",
    "my account is in profit, buy 500 of them",
    "ratio 10:1, level 24000-24500, 1500-1520-1540",
    "1480 1490 1500 1510 1520",
    "BRK.B, M&M, BAJAJ-AUTO",
    "is TCS a pass or word of mouth",
]


@pytest.mark.parametrize(("kind", "text"), STAYS)
def test_what_stays_is_found(kind: str, text: str) -> None:
    assert kind in kinds_found([text])


@pytest.mark.parametrize("text", GOES)
def test_what_may_go_is_let_go(text: str) -> None:
    assert kinds_found([text]) == ()


def test_a_number_with_a_wrong_check_digit_is_no_aadhaar() -> None:
    assert kinds_found(["2345 6789 0125"]) == ()


def test_a_known_secret_is_found_wherever_it_stands() -> None:
    assert kinds_found(["so: hunter2!"], ["hunter2"]) == ("KNOWN_SECRET",)


def test_the_finding_never_repeats_what_was_found() -> None:
    assert not any("9876543210" in kind for kind in kinds_found(["9876543210"]))


def test_every_text_key_and_number_of_a_payload_is_looked_at() -> None:
    payload = {"a": ["x", {"9876543210": None}], "b": 9876543211, "c": True}
    assert list(strings_in(payload)) == ["a", "x", "9876543210", "b", "9876543211", "c"]
