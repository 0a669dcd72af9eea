"""Texts from outside can do nothing to a terminal but be read, as words and as JSON."""

import json

import pytest

from app.cli.text import UNSAFE, json_text, safe

TURNED = "BUY \u202e01\u202c INFY\u200b\u2066x\u2069"


def test_marks_that_hide_or_turn_are_escaped_in_json_and_the_data_stay_the_same() -> None:
    value = {"message": TURNED, TURNED: ["\x1b[31mred", "रुपये ₹ é"]}
    written = json_text(value)
    assert json.loads(written) == value
    assert safe(written) == written
    assert "\\u202e01\\u202c" in written
    assert "रुपये ₹ é" in written


@pytest.mark.parametrize("code", sorted(UNSAFE))
def test_no_unsafe_mark_is_printed_as_it_is(code: int) -> None:
    written = json_text([chr(code)])
    assert written == safe(written)
    assert json.loads(written) == [chr(code)]


def test_json_of_several_lines_keeps_its_lines() -> None:
    assert json_text({"a": TURNED}, indent=2).splitlines()[0] == "{"
    assert json.loads(json_text({"a": TURNED}, indent=2)) == {"a": TURNED}
