"""Policy files in C2SP form: what they mean, and that every wrong line is named."""

import hashlib
import itertools

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from govbus.contracts.translog.policy import Group, Policy, PolicyRejected, parse_policy, quorum_met
from govbus.contracts.translog.vkey import COSIGNATURE, ED25519, VerificationKey
from translog_answers import known


def _key(name: str, kind: int = COSIGNATURE) -> VerificationKey:
    seed = hashlib.sha256(name.encode()).digest()
    return VerificationKey(name, kind, Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw())


WITNESSES = {name: _key(f"witness.example/{name}") for name in ("X1", "X2", "X3", "Y1", "Y2", "Y3")}
LINES = "".join(f"witness {name} {key}\n" for name, key in WITNESSES.items())
TWO_LEVELS = f"""
# two organisations
log {known.VKEY}   https://log.example/
{LINES}
\tgroup X-witnesses 2 X1 X2 X3
group Y-witnesses any Y1 Y2 Y3
group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
"""


def _policy(text: str) -> Policy:
    return parse_policy(text.encode())


def test_the_example_of_the_source_is_read() -> None:
    policy = _policy(TWO_LEVELS)
    assert [(str(log.key), log.url) for log in policy.logs] == [(known.VKEY, "https://log.example/")]
    assert {witness.name: witness.key for witness in policy.witnesses} == WITNESSES
    assert policy.groups[0] == Group("X-witnesses", 2, ("X1", "X2", "X3"))
    assert [group.threshold_count for group in policy.groups] == [2, 1, 2]
    assert policy.quorum == "X-and-Y"


def test_a_quorum_of_two_levels_needs_both_organisations() -> None:
    policy = _policy(TWO_LEVELS)
    for count in range(7):
        for names in itertools.combinations(WITNESSES, count):
            enough = sum(name.startswith("X") for name in names) >= 2 and any(name.startswith("Y") for name in names)
            assert quorum_met(policy, [WITNESSES[name] for name in names]) == enough


def test_a_single_witness_and_none_are_quorums_too() -> None:
    one = _policy(f"{LINES}quorum Y2\n")
    assert quorum_met(one, [WITNESSES["Y2"]])
    assert not quorum_met(one, [WITNESSES["Y1"]])
    assert quorum_met(_policy("quorum none"), [])


def test_another_key_under_a_witness_name_does_not_count() -> None:
    policy = _policy(f"{LINES}quorum X1\n")
    impostor = VerificationKey(WITNESSES["X1"].name, COSIGNATURE, _key("impostor").public_key)
    assert not quorum_met(policy, [impostor])


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        ("quorum none\nquorum none", "line 8: a quorum stands on a line before"),
        ("", "without a quorum line"),
        ("quorum Z", "line 7: 'Z' is not defined"),
        ("quorum X1 X2", "line 7: a quorum is written"),
        ("group g 4 X1 X2\nquorum g", "line 7: '4' is not any, all, or a number from 1 to 2"),
        ("group g 0 X1 X2\nquorum none", "line 7: '0' is not any"),
        ("group g 01 X1\nquorum none", "line 7: '01' is not any"),
        ("group g all\nquorum none", "line 7: a group is written"),
        ("group g all X1 X1\nquorum none", "line 7: 'X1' is a member already"),
        ("group g all X1\ngroup h all X1\nquorum none", "line 8: 'X1' is a member already"),
        ("group g all g\nquorum none", "line 7: 'g' is not defined"),
        ("group g all none\nquorum none", "line 7: 'none' is not defined"),
        ("group X1 all X1\nquorum none", "line 7: 'X1' is defined on a line before"),
        ("group none all X1\nquorum none", "line 7: 'none' cannot be defined"),
        (f"witness Z {WITNESSES['X1']}\nquorum none", "line 7: a witness of this key"),
        (f"witness Z {known.VKEY}\nquorum none", "line 7: a witness has a key of type 0x04"),
        (f"log {WITNESSES['X1']}\nquorum none", "line 7: a log has a key of type 0x01"),
        (f"log {known.VKEY}\nlog {known.VKEY}\nquorum none", "line 8: a log of this key"),
        (f"log {known.VKEY[:-4]}\nquorum none", "line 7: a public key of"),
        (f"log {known.VKEY.replace('+3', '+4')}\nquorum none", "line 7: key"),
        (f"witness {WITNESSES['X1']}\nquorum none", "line 7: a witness is written"),
        ("Quorum none", "line 7: 'Quorum' is none of log"),
        ("quorum none\r", "line 7: a control character"),
    ],
)
def test_a_wrong_line_is_named(lines: str, fault: str) -> None:
    with pytest.raises(PolicyRejected) as rejected:
        _policy(LINES + lines)
    assert any(fault in found for found in rejected.value.faults)


def test_all_wrong_lines_are_named_at_once() -> None:
    with pytest.raises(PolicyRejected) as rejected:
        _policy("witness a\nlog b\nquorum c\n")
    assert [found.partition(":")[0] for found in rejected.value.faults] == ["line 1", "line 2", "line 3"]


def test_two_keys_of_one_name_and_another_type_are_no_duplicates_and_bytes_above_ascii_are_names() -> None:
    policy = parse_policy(b"witness \xff " + str(WITNESSES["X1"]).encode() + b"\nquorum \xff\n")
    assert quorum_met(policy, [WITNESSES["X1"]])
    assert _key("a", ED25519) != _key("a")


def test_a_key_that_is_not_utf_8_is_a_wrong_line() -> None:
    with pytest.raises(PolicyRejected, match="line 1: a key whose name is not UTF-8"):
        parse_policy(b"log \xff" + known.VKEY.encode() + b"\nquorum none\n")


@given(
    st.lists(st.sampled_from([*LINES.split(), "log", "group", "quorum", "none", "all", "2", "g", "\n"]), max_size=30)
)
def test_any_words_are_a_policy_or_rejected_with_line_numbers(words: list[str]) -> None:
    try:
        policy = _policy(" ".join(words))
    except PolicyRejected as rejected:
        faults = rejected.faults
        assert faults == tuple(fault for fault in faults if fault.startswith("line ")) != ()
    else:
        assert quorum_met(policy, policy.witness_keys)
