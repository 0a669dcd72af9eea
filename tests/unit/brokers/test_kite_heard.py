import json

import pytest

from adapters.brokers.kite_mcp.heard import (
    Person,
    logout_is_done,
    person_in,
    reply_of,
    says_nobody_is_logged_in,
    session_is_gone,
    surely_not_done,
)
from adapters.brokers.kite_mcp.ports import KiteReply
from adapters.mcp.errors import CallFailed, Sent
from adapters.mcp.labelled import LabelledText, Origin, ToolAnswer


def failed(**fields: object) -> CallFailed:
    return CallFailed("no answer", **{"sent": Sent.MAYBE, **fields})  # type: ignore[arg-type]


def answer(*texts: str, others: int = 0) -> ToolAnswer:
    labelled = tuple(LabelledText(Origin("kite", "get_profile"), text) for text in texts)
    return ToolAnswer(is_error=False, texts=labelled, others=others)


def profile(**fields: object) -> KiteReply:
    return KiteReply(is_error=False, text=json.dumps({"user_id": "AB1234", **fields}))


@pytest.mark.parametrize(
    ("failure", "gone", "unsent"),
    [
        (failed(status=400, said="Invalid session ID"), True, True),
        (failed(status=404, said="Session terminated"), True, True),
        (failed(status=404, said="404 page not found"), False, False),
        (failed(status=400, said="bad"), False, False),
        (failed(status=400, said="Invalid content type: must be 'application/json'"), False, True),
        (failed(status=502, said="Invalid session ID"), False, False),
        (failed(status=504), False, False),
        (failed(sent=Sent.NO), False, True),
        (failed(), False, False),
        (failed(rpc_code=-32602, rpc_said="tool 'x' not found: tool not found"), False, True),
        (failed(rpc_code=-32602, rpc_said="something else"), False, False),
        (failed(rpc_code=-32600, rpc_said="unparsable"), False, True),
        (failed(rpc_code=-32601, rpc_said="not supported"), False, True),
        (failed(rpc_code=-32603, rpc_said="internal"), False, False),
    ],
)
def test_only_what_the_server_says_before_it_looks_at_a_tool_is_certain(
    failure: CallFailed, gone: bool, unsent: bool
) -> None:
    assert (session_is_gone(failure), surely_not_done(failure)) == (gone, unsent)


@pytest.mark.parametrize(
    ("status", "said", "done"),
    [
        (200, "", True),
        (404, "Session terminated", True),
        (400, "Invalid session ID", True),
        (500, "Session termination failed: session ID not found", True),
        (500, "Session termination failed: upstream", False),
        (502, "", False),
        (403, "", False),
    ],
)
def test_a_logout_is_done_when_the_server_has_no_such_session_any_more(
    status: int, said: str, done: bool
) -> None:
    assert logout_is_done(status, said) is done


def test_an_answer_is_one_text_or_none_at_all() -> None:
    assert reply_of(answer("[]")) == KiteReply(is_error=False, text="[]")
    for other in (answer(), answer("[]", "[]"), answer("[]", others=1)):
        assert reply_of(other) is None


def test_only_one_sentence_surely_means_that_nobody_is_logged_in() -> None:
    for text, is_error, sure in (
        ("Please log in first using the login tool", True, True),
        ("Please log in first using the login tool", False, False),
        ("Failed to execute get_profile", True, False),
    ):
        assert says_nobody_is_logged_in(KiteReply(is_error=is_error, text=text)) is sure


def test_a_profile_names_a_person_and_nothing_else_does() -> None:
    assert person_in(profile(user_name="Asha\nBose")) == Person("AB1234", "Asha Bose")
    assert person_in(profile()) == Person("AB1234", "")
    for wrong in (
        profile(user_id=""),
        profile(user_id=5),
        profile(user_id="AB 1234"),
        KiteReply(is_error=False, text="[]"),
        KiteReply(is_error=False, text="no JSON"),
        KiteReply(is_error=True, text='{"user_id": "AB1234"}'),
    ):
        assert person_in(wrong) is None
