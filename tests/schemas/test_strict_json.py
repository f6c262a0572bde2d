"""JSON as the protocol reads it (push-actions.md, "encodedAction")."""

import tracemalloc

import pytest

from schemas.strict_json import MAX_BRACKETS, NotJson, parse


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "{",
        '{"a":1',
        "{'a':1}",
        "{a:1}",
        '{"a":1,}',
        "[1,]",
        "[1 2]",
        '{"a":1} x',
        '{"a":1}{}',
        '\ufeff{"a":1}',
        '{"a":1} // comment',
        '/* comment */{"a":1}',
        "NaN",
        '{"a":NaN}',
        '{"a":Infinity}',
        '{"a":-Infinity}',
        '{"a":undefined}',
        '{"a":True}',
        '{"a":+1}',
        '{"a":01}',
        '{"a":.5}',
        '{"a":1.}',
        '{"a":0x10}',
        '{"a":1_000}',
        '{"a":"\n"}',
        '{"a":"\t"}',
        '{"a":"\x00"}',
        '{"a":"\\x41"}',
        '{"a":"\\u12"}',
        "[" * 100_000,
        '{"a":' * 100_000,
        "[" * 100_000 + "]" * 100_000,
    ],
)
def test_malformed_json_is_refused(text: str) -> None:
    with pytest.raises(NotJson):
        parse(text)


@pytest.mark.parametrize("blank", [" ", "\t", "\r\n", " \n\t "])
def test_white_space_around_is_ignored(blank: str) -> None:
    assert parse(f'{blank}{{{blank}"a"{blank}:{blank}1{blank}}}{blank}') == {"a": 1}


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1", 1),
        ("-1", -1),
        ("1.0", 1),
        ("1e0", 1),
        ("10E-1", 1),
        ("-0", 0),
        ("-0.0", 0),
        ("5e3", 5000),
        ("9007199254740991", 2**53 - 1),
        ("9007199254740991.0", 2**53 - 1),
        ("-9007199254740991", -(2**53 - 1)),
        ("9007199254740992", 2**53),
        # The nearest double, as every other client and server of the protocol reads it.
        ("9007199254740993", 2**53),
        ("9007199254740991.4", 2**53 - 1),
        ("999999999999999", 999_999_999_999_999),
        ("1000000000000000", 10**15),
    ],
)
def test_whole_numbers_are_integers_however_they_are_written(text: str, number: int) -> None:
    value = parse(text)
    assert value == number
    assert type(value) is int


@pytest.mark.parametrize("text", ["0.5", "-1.5", "1e-9", "1e-400", "4503599627370495.5"])
def test_fractions_are_floats_unless_they_are_zero(text: str) -> None:
    value = parse(text)
    assert value == float(text)
    assert type(value) is (float if float(text) else int)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1e999", float("inf")),
        ("-1e999", float("-inf")),
        ("9" * 5000, float("inf")),
        ("-" + "9" * 5000, float("-inf")),
        ("9" * 5000 + ".5", float("inf")),
    ],
)
def test_numbers_beyond_a_double_are_infinite(text: str, number: float) -> None:
    assert parse(text) == number


def test_the_last_duplicate_key_wins() -> None:
    assert parse('{"a":1,"b":2,"a":3}') == {"a": 3, "b": 2}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r'"\ud83d\ude00"', "😀"),
        (r'"\uD83D\uDE00"', "😀"),
        (r'"\ud83d"', "\ufffd"),
        (r'"\ude00x"', "\ufffdx"),
        (r'"\ude00\ud83d"', "\ufffd\ufffd"),
        (r'"\ud83d\ud83d\ude00"', "\ufffd😀"),
        (r'"\\ud83d"', r"\ud83d"),
        (r'"\\\ud83d"', "\\\ufffd"),
        (r'{"\ud83d":["\ud83d",1.5,true,null]}', {"\ufffd": ["\ufffd", 1.5, True, None]}),
        ('"😀"', "😀"),
    ],
)
def test_lone_surrogates_become_replacement_characters(text: str, value: object) -> None:
    assert parse(text) == value


@pytest.mark.parametrize("pair", ["[]", "{}"])
def test_more_brackets_than_clients_send_are_refused_before_parsing(
    pair: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert parse(f"[{','.join([pair] * (MAX_BRACKETS - 1))}]")
    text = f"[{','.join([pair] * MAX_BRACKETS)}]"
    monkeypatch.setattr("schemas.strict_json._decoder", None)
    with pytest.raises(NotJson, match="brackets"):
        parse(text)


def test_a_text_with_lone_surrogates_is_built_once() -> None:
    items = [f'{{"number":{number}.5}}' for number in range(20_000)]

    def peak(last: str) -> int:
        text = f"[{','.join(items)},{last}]"
        tracemalloc.start()
        try:
            parse(text)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(r'"\ud83d"') < 1.3 * peak('"x"')
