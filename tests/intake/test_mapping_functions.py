"""The functions that expressions of mappings may call."""

from typing import Any

import pytest

from govbus.intake.domain.expressions import ExpressionFailed, Scope, compiled


def value(text: str, **variables: Any) -> Any:
    """Return what an expression yields."""
    return compiled(text).value(Scope(variables))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('json(\'{"a": [1, {"b": null}]}\').a[1].b', None),
        ("json('[9223372036854775808]')[0]", "9223372036854775808"),
        ("base64('aGk=')", "hi"),
        ("base64('8J-YgA')", "😀"),
        ("capture('run 17 of 20', 'run ([0-9]+)')", "17"),
        ("capture('run 17', '[0-9]+')", "17"),
        ("capture('nothing', '[0-9]+')", None),
        ("time('2016-08-12 15:23:28 UTC')", "2016-08-12T15:23:28Z"),
        ("time('2012-06-26T18:41:00.9584103Z')", "2012-06-26T18:41:00.958410Z"),
        ("time('2017-01-12T16:30:42.318+0000')", "2017-01-12T16:30:42.318000Z"),
        ("time('2024-01-31T23:30:00-05:00')", "2024-02-01T04:30:00Z"),
        ("time('2023-05-01')", "2023-05-01T00:00:00Z"),
        ("time('2025-02-03T04:05:06.789')", "2025-02-03T04:05:06.789000Z"),
        ("time('10/1/2024', '%m/%d/%Y')", "2024-10-01T00:00:00Z"),
        ("unix(1700000000)", "2023-11-14T22:13:20Z"),
        ("unix_ms('1700000000123')", "2023-11-14T22:13:20.123000Z"),
        ("unix_ms(1.5e12)", "2017-07-14T02:40:00Z"),
        (
            "[number(1), number(' 2.5 '), number('1_000'), number('NaN'), number(true), number([1])]",
            [1, 2.5, *[None] * 4],
        ),
        (
            "[text(0.1), text(3.0), text(7), text(true), text('x'), text(null)]",
            ["0.1", "3.0", "7", "true", "x", "null"],
        ),
        ("entries({'b': 1, 'a': 2}).map(e, e.key)", ["a", "b"]),
        ("entries(null)", []),
        ("flatten([[1], 2, [3, [4]]])", [1, 2, 3, [4]]),
        ("present([{'a': null, 'b': [{'c': null}]}, present(null)])", [{"b": [{}]}, {}]),
        ("present({'a': null}).?a.?b.orValue('absent')", "absent"),
        ("sha256('abc')", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ("slug('Credit-Risk  Scorer (v2)!')", "credit-risk-scorer-v2"),
        ("keep('héllo', 2)", "hé"),
        ("short({'b': 1, 'a': 'é'}, 100)", '{"a": "é", "b": 1}'),
    ],
)
def test_a_function_gives_what_the_guide_says(text: str, expected: Any) -> None:
    assert value(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        'json(\'{"a": 1, "a": 2}\')',
        "json('NaN')",
        "base64('***')",
        "base64('/w==')",
        "capture('x', '(')",
        "time('yesterday')",
        "time('2024-13-01')",
        "time('1/2', '%Y')",
        "unix('soon')",
        "unix(1e300)",
    ],
)
def test_what_a_function_cannot_read_fails_the_expression(text: str) -> None:
    with pytest.raises(ExpressionFailed):
        value(text)


def test_an_expression_that_loops_too_long_is_stopped_by_the_budget() -> None:
    with pytest.raises(ExpressionFailed, match="budget"):
        value("body.map(a, body.map(b, a * b)).size()", body=list(range(2000)))


def test_a_hostile_text_costs_a_capture_no_more_than_its_length() -> None:
    assert value("capture(body, '^(a+)+$')", body="a" * 100_000 + "!") is None


def test_a_payload_with_an_integer_beyond_64_bits_can_be_looked_at() -> None:
    body = {"id": 2**70, "name": "x", "list": [{"n": -(2**64)}]}
    assert value("body.name + body.id", body=body) == f"x{2**70}"
    assert value("body.list[0].n", body=body) == str(-(2**64))
    assert value("body.id", body=body) == 2**70


def test_definitions_are_computed_where_they_are_mentioned_and_only_there() -> None:
    definitions = {
        "twice": compiled("my.once + my.once"),
        "once": compiled("body.a"),
        "broken": compiled("body.zz + 1"),
    }
    scope = Scope({"body": {"a": 2}}, definitions)
    assert compiled("my.twice").value(scope) == 4
    assert compiled("my.twice + my.once").value(scope) == 6
    with pytest.raises(ExpressionFailed) as failed:
        compiled("my.broken").value(scope)
    assert failed.value.pointer == "/zz"


def test_a_definition_may_speak_of_the_element_at_hand() -> None:
    scope = Scope({"body": {"all": 10}}, {"share": compiled("double(item) / double(body.all)")})
    found = [compiled("my.share").value(scope.with_item(item, place, f"/{place}")) for place, item in enumerate([1, 5])]
    assert found == [0.1, 0.5]
