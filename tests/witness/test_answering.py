"""What a witness cosigns and what it refuses, status by status."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from govbus.audit_log.witness.answering import Answer
from govbus.audit_log.witness.judging import Cosigned, NotCosigned, read_request
from govbus.audit_log.witness.state import WitnessState
from govbus.contracts.translog.add_checkpoint import AddCheckpoint, parse_add_checkpoint
from govbus.contracts.translog.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from govbus.contracts.translog.cosignature import cosigned_at_seconds
from govbus.contracts.translog.note import NoteSigner, parse_note
from translog_answers import known
from witness.desk import LOGS, SECONDS, leaves, request, witness_of


def _ask(state: WitnessState, body: bytes) -> Answer:
    return witness_of(state).answer(body)


def test_a_checkpoint_that_continues_the_last_one_is_cosigned(state: WitnessState) -> None:
    for old, new in ((0, 3), (3, 5), (5, 300)):
        body = request(old, new)
        answer = _ask(state, body)
        assert answer.status == HTTPStatus.OK
        note = parse_add_checkpoint(body).checkpoint
        opened = open_checkpoint(note + answer.body, LOGS[known.ORIGIN], [witness_of(state).key])
        assert (opened.checkpoint.size, opened.cosigned_by) == (new, (witness_of(state).key,))
        assert cosigned_at_seconds(parse_note(note + answer.body).signatures[-1].signature) == SECONDS
        assert state.last(known.ORIGIN).size == new


def test_the_same_checkpoint_is_cosigned_again(state: WitnessState) -> None:
    _ask(state, request(0, 5))
    assert _ask(state, request(5, 5)).status == HTTPStatus.OK


def test_the_proof_of_the_known_answers_convinces_a_witness(state: WitnessState) -> None:
    _ask(state, request(0, 3))
    note = sign_checkpoint(Checkpoint(known.ORIGIN, 5, known.ROOTS[5]), known.signer())
    assert _ask(state, AddCheckpoint(3, known.CONSISTENCY_3_TO_5, str(note)).to_bytes()).status == HTTPStatus.OK


def test_another_old_size_is_answered_with_the_size_cosigned_last(state: WitnessState) -> None:
    assert _ask(state, request(2, 3)).body == "0\n"
    _ask(state, request(0, 5))
    for old, new in ((0, 5), (3, 7), (6, 7), (0, 3)):
        answer = _ask(state, request(old, new))
        assert (answer.status, answer.body, answer.media_type) == (HTTPStatus.CONFLICT, "5\n", "text/x.tlog.size")
    assert state.last(known.ORIGIN).size == 5


def test_a_rolled_back_log_is_refused_whatever_it_says(state: WitnessState) -> None:
    _ask(state, request(0, 5))
    assert _ask(state, request(5, 3)).status == HTTPStatus.BAD_REQUEST
    assert _ask(state, request(3, 3)).status == HTTPStatus.CONFLICT


def test_a_forked_log_is_refused_and_two_roots_of_one_size_are_kept_as_evidence(state: WitnessState) -> None:
    _ask(state, request(0, 5))
    assert _ask(state, request(5, 7, branch="x")).status == HTTPStatus.UNPROCESSABLE_ENTITY
    assert state.convictions() == []
    forged = request(5, 5, branch="x")
    assert _ask(state, forged).status == HTTPStatus.CONFLICT
    assert state.last(known.ORIGIN).size == 5
    [(origin, size, cosigned, refused)] = state.convictions()
    notes = [open_checkpoint(note, LOGS[known.ORIGIN]).checkpoint for note in (cosigned, refused)]
    assert (origin, size) == (known.ORIGIN, 5)
    assert [note.size for note in notes] == [5, 5]
    assert notes[0].root != notes[1].root


def test_a_wrong_missing_or_surplus_proof_is_refused(state: WitnessState) -> None:
    _ask(state, request(0, 3))
    good = parse_add_checkpoint(request(3, 5))
    for proof in ((), good.proof[:-1], (*good.proof, good.proof[0]), good.proof[::-1]):
        answer = _ask(state, AddCheckpoint(3, proof, good.checkpoint).to_bytes())
        assert answer.status == HTTPStatus.UNPROCESSABLE_ENTITY
    assert state.last(known.ORIGIN).size == 3


def test_a_proof_from_nothing_is_empty(state: WitnessState) -> None:
    made = parse_add_checkpoint(request(0, 5))
    answer = _ask(state, AddCheckpoint(0, (bytes(32),), made.checkpoint).to_bytes())
    assert answer.status == HTTPStatus.UNPROCESSABLE_ENTITY


def test_an_unknown_log_is_404_and_an_unknown_key_403(state: WitnessState) -> None:
    other = NoteSigner("other.example/log", Ed25519PrivateKey.generate())
    stranger = sign_checkpoint(Checkpoint(other.name, 0, known.ROOTS[0]), other)
    assert _ask(state, AddCheckpoint(0, (), str(stranger)).to_bytes()).status == HTTPStatus.NOT_FOUND
    impostor = NoteSigner(known.ORIGIN, Ed25519PrivateKey.generate())
    assert _ask(state, request(0, 5, signers=[impostor])).status == HTTPStatus.FORBIDDEN
    assert state.last(known.ORIGIN) == Cosigned()


def test_signatures_of_other_keys_beside_the_logs_own_are_ignored(state: WitnessState) -> None:
    second = NoteSigner(known.ORIGIN, Ed25519PrivateKey.generate())
    assert _ask(state, request(0, 5, signers=[second, known.signer()])).status == HTTPStatus.OK


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body[:0],
        lambda body: body.replace(b"old 3", b"old 03"),
        lambda body: body.replace(b"old 3", b"new 3"),
        lambda body: body.replace(b"old 3\n", b"old 3\n\n"),
        lambda body: body.replace(b"\n\n", b"\nAAAA\n\n", 1),
        lambda body: body.replace(b"\n\n", b"\n" + b"A" * 43 + b"=\n" * 64 + b"\n", 1),
        lambda body: body.removesuffix(b"\n"),
        lambda body: b"\xff" + body,
        lambda body: body.partition(b"\n\n")[0],
    ],
)
def test_a_malformed_body_is_400(state: WitnessState, change: Callable[[bytes], bytes]) -> None:
    _ask(state, request(0, 3))
    assert _ask(state, change(request(3, 5))).status == HTTPStatus.BAD_REQUEST


def test_a_size_that_no_database_holds_is_400(state: WitnessState) -> None:
    note = sign_checkpoint(Checkpoint(known.ORIGIN, 2**63, known.ROOTS[5]), known.signer())
    assert _ask(state, AddCheckpoint(0, (), str(note)).to_bytes()).status == HTTPStatus.BAD_REQUEST


def test_of_two_requests_at_once_one_passes(state: WitnessState) -> None:
    _ask(state, request(0, 3))
    bodies = [request(3, 5), request(3, 7), request(3, 6, branch="x")] * 4
    gate = threading.Barrier(len(bodies))
    made = witness_of(state)

    def ask(body: bytes) -> HTTPStatus:
        gate.wait()
        return made.answer(body).status

    with ThreadPoolExecutor(len(bodies)) as pool:
        found = list(pool.map(ask, bodies))
    assert sorted(found) == [HTTPStatus.OK] + [HTTPStatus.CONFLICT] * 11


def test_two_processes_on_one_state_do_not_both_pass(state: WitnessState, tmp_path: Path) -> None:
    other = WitnessState(tmp_path / "witness.sqlite")
    _ask(state, request(0, 3))
    gate = threading.Barrier(2)

    def ask(on: WitnessState, size: int) -> HTTPStatus:
        gate.wait()
        return _ask(on, request(3, size)).status

    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(ask, (state, other), (5, 7)))
    other.close()
    assert sorted(found) == [HTTPStatus.OK, HTTPStatus.CONFLICT]


def test_what_a_decision_raises_leaves_the_state_as_it_was(state: WitnessState) -> None:
    def fail(_: Cosigned) -> Cosigned:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        state.advance(known.ORIGIN, fail)
    assert _ask(state, request(0, 3)).status == HTTPStatus.OK


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_with_a_status(raw: bytes) -> None:
    with pytest.raises(NotCosigned):
        read_request(raw, LOGS)


@given(old=st.integers(0, 20), new=st.integers(0, 20), last=st.integers(0, 20))
def test_a_request_is_written_and_read_back_alike(old: int, new: int, last: int) -> None:
    made = AddCheckpoint(old, tuple(leaves(last)), f"o\n{new}\nr\n\nline\n")
    assert parse_add_checkpoint(made.to_bytes()) == made


@given(
    st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12), st.sampled_from(["", "x"]), st.booleans()), max_size=25)
)
def test_whatever_a_log_sends_all_that_is_cosigned_is_one_history(
    asked: list[tuple[int, int, str, bool]],
) -> None:
    state, cosigned = WitnessState(Path(":memory:")), [(0, "")]
    for old, new, branch, knows_the_size in asked:
        size = cosigned[-1][0] if knows_the_size else old
        if _ask(state, request(size, new, branch=branch)).status == HTTPStatus.OK:
            cosigned.append((new, branch if new > 3 else ""))
    state.close()
    sizes = [size for size, _ in cosigned]
    assert sizes == sorted(sizes)
    assert len({branch for size, branch in cosigned if size > 3}) <= 1
