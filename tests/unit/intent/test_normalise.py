"""Tokens keep their place in the message as it was typed."""

from agents.intent.normalise import MAX_CHARACTERS, read, refusal


def test_tokens_point_at_the_original_letters() -> None:
    message = "Buy  ＩＮＦＹ at 1,480.50/-"
    tokens = read(message).tokens
    assert [token.text for token in tokens] == ["buy", "infy", "at", "1,480.50", "/", "-"]
    assert [message[token.start : token.end] for token in tokens][1] == "ＩＮＦＹ"


def test_a_ligature_that_folds_to_two_letters_is_one_place() -> None:
    message = "ﬁn 10"
    (word, number) = read(message).tokens
    assert word.text == "fin"
    assert message[word.start : word.end] == "ﬁn"
    assert message[number.start : number.end] == "10"


def test_a_raised_digit_is_not_part_of_a_number() -> None:
    assert [token.text for token in read("10²").tokens] == ["10", "²"]


def test_length_is_judged_before_anything_else() -> None:
    assert refusal("a" * MAX_CHARACTERS) is None
    too_long = refusal("\u200b" * (MAX_CHARACTERS + 1))
    assert too_long is not None
    assert too_long.code == "MESSAGE_TOO_LONG"
