"""What is not to the byte as the formats say is refused, and the sentence says why."""

import hashlib
from base64 import b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from govbus.contracts.translog.checkpoint import (
    Checkpoint,
    open_checkpoint,
    parse_checkpoint,
    sign_checkpoint,
)
from govbus.contracts.translog.cosignature import (
    CosignatureVerifier,
    cosign,
    cosigned_at_seconds,
)
from govbus.contracts.translog.note import (
    NoteRejected,
    NoteSigner,
    parse_note,
    with_signatures,
)
from govbus.contracts.translog.proof import Proof, ProofMalformed, parse_proof
from govbus.contracts.translog.tiles import (
    Tile,
    TileRejected,
    dump_entries,
    node_from,
    parse_tile_path,
    split_entries,
)
from govbus.contracts.translog.verification import VerificationFailed, verify_proof
from govbus.contracts.translog.vkey import (
    COSIGNATURE,
    KeyRejected,
    VerificationKey,
    parse_vkey,
)
from translog_answers import known

CHECKPOINT = Checkpoint(known.ORIGIN, 5, known.ROOTS[5])
NOTE = sign_checkpoint(CHECKPOINT, known.signer())
KEY = parse_vkey(known.VKEY)
WITNESS = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"seed-witness").digest())
WITNESS_KEY = VerificationKey("witness.example.com/w1", COSIGNATURE, WITNESS.public_key().public_bytes_raw())
PROOF = str(Proof(3, known.INCLUSION_3_OF_5, str(NOTE)))


@pytest.mark.parametrize(
    "raw",
    [
        str(NOTE).replace("\n5\n", "\n6\n"),
        str(NOTE).replace("\u2014 ", "- "),
        str(NOTE)[:-1],
        str(NOTE).replace("\n\n", "\n"),
        str(NOTE) + "\n",
        str(NOTE).replace("IAA=\n", "IAB=\n"),
        str(NOTE).replace("\n5\n", "\n5\t\n"),
        str(NOTE).encode().replace(b"\n5\n", b"\n5\xff\n"),
        CHECKPOINT.text() + "\n",
        "",
        CHECKPOINT.text() + "\n" + known.SIGNATURE_LINE_OF_5 * 101,
    ],
    ids=[
        "text",
        "dash",
        "cut",
        "no-blank",
        "more",
        "padding",
        "tab",
        "utf8",
        "unsigned",
        "empty",
        "101-signatures",
    ],
)
def test_a_tampered_note_is_refused(raw: str | bytes) -> None:
    with pytest.raises(NoteRejected):
        open_checkpoint(raw, KEY)


@pytest.mark.parametrize(
    "text",
    [
        "o\n05\n{root}\n",
        "o\n+5\n{root}\n",
        "o\n5\n{root}\nextension\n",
        "\n5\n{root}\n",
        "o\n5\nAAAA\n",
        "o\n5\n{root}",
        "o\n99999999999999999999\n{root}\n",
    ],
)
def test_a_checkpoint_in_another_spelling_is_refused(text: str) -> None:
    with pytest.raises(NoteRejected):
        parse_checkpoint(text.format(root=b64encode(known.ROOTS[5]).decode()))


def test_another_log_of_the_same_name_is_not_believed() -> None:
    impostor = NoteSigner(known.ORIGIN, Ed25519PrivateKey.generate())
    with pytest.raises(NoteRejected, match="no signature of a key"):
        open_checkpoint(str(sign_checkpoint(CHECKPOINT, impostor)), KEY)


def test_a_checkpoint_of_another_origin_is_not_believed() -> None:
    with pytest.raises(NoteRejected, match="is not the key's name"):
        open_checkpoint(str(known.signer().sign(Checkpoint("other", 5, known.ROOTS[5]).text())), KEY)
    with pytest.raises(NoteRejected, match="does not sign for"):
        sign_checkpoint(Checkpoint("other", 5, known.ROOTS[5]), known.signer())


def test_a_witness_is_named_when_its_cosignature_holds() -> None:
    line = cosign(WITNESS_KEY.name, WITNESS, NOTE.text, 1_780_000_000)
    cosigned = str(with_signatures(NOTE, [line]))
    assert open_checkpoint(cosigned, KEY, [WITNESS_KEY]).witnesses == (WITNESS_KEY.name,)
    assert open_checkpoint(cosigned, KEY).witnesses == ()
    assert cosigned_at_seconds(line.signature) == 1_780_000_000
    assert len(line.signature) == 72
    proof = str(Proof(3, known.INCLUSION_3_OF_5, cosigned))
    witnesses = [str(WITNESS_KEY)]
    assert verify_proof(known.entry(3), proof, known.VKEY, witness_vkeys=witnesses, witnesses_count=1).witnesses == (
        WITNESS_KEY.name,
    )
    with pytest.raises(VerificationFailed, match="too_few_witnesses"):
        verify_proof(known.entry(3), PROOF, known.VKEY, witness_vkeys=witnesses, witnesses_count=1)


def test_a_cosignature_with_another_time_is_refused() -> None:
    line = cosign(WITNESS_KEY.name, WITNESS, NOTE.text, 1_780_000_000)
    later = (1_780_000_001).to_bytes(8) + line.signature[8:]
    assert CosignatureVerifier(WITNESS_KEY).verify(NOTE.text, line.signature)
    assert not CosignatureVerifier(WITNESS_KEY).verify(NOTE.text, later)
    assert not CosignatureVerifier(WITNESS_KEY).verify(NOTE.text, line.signature[:-1])


def test_a_witness_alone_does_not_make_a_checkpoint() -> None:
    line = cosign(WITNESS_KEY.name, WITNESS, NOTE.text, 1_780_000_000)
    alone = CHECKPOINT.text() + "\n" + str(line)
    with pytest.raises(NoteRejected, match="not signed by"):
        open_checkpoint(alone, KEY, [WITNESS_KEY])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        known.VKEY.replace("3205cb6c", "3205cb6d"),
        known.VKEY.replace("+AWB4", "+AmB4"),
        known.VKEY[:-4],
        known.VKEY.replace("governance", "govern ance"),
        "x+00000000+",
    ],
)
def test_a_wrong_verification_key_is_refused(text: str) -> None:
    with pytest.raises(KeyRejected):
        parse_vkey(text)


@pytest.mark.parametrize(
    "text",
    [
        PROOF.replace("@v1", "@v2"),
        PROOF.replace("index 3", "index 03"),
        PROOF.replace("index 3", "index -3"),
        PROOF.replace("index 3", "number 3"),
        PROOF.replace("BJ19", "BJ1"),
        PROOF.replace("8Kg=", "8Kh="),
        PROOF.split("\n\n", maxsplit=1)[0],
        PROOF.replace("\nGUu1", "\n\nGUu1"),
    ],
)
def test_a_malformed_proof_file_is_refused(text: str) -> None:
    with pytest.raises(VerificationFailed):
        verify_proof(known.entry(3), text, known.VKEY)


def test_a_proof_of_more_hashes_than_any_tree_has_is_refused() -> None:
    with pytest.raises(ProofMalformed, match="more than 63"):
        parse_proof(str(Proof(3, known.INCLUSION_3_OF_5 * 22, str(NOTE))))


@pytest.mark.parametrize(
    ("entry", "proof", "vkey", "reason"),
    [
        (b"entry-4", PROOF, known.VKEY, "not_included"),
        (b"entry-3", PROOF.replace("index 3", "index 4"), known.VKEY, "not_included"),
        (b"entry-3", PROOF.replace("index 3", "index 5"), known.VKEY, "not_included"),
        (
            b"entry-3",
            str(Proof(3, known.INCLUSION_3_OF_5[:2], str(NOTE))),
            known.VKEY,
            "not_included",
        ),
        (
            b"entry-3",
            str(Proof(3, known.INCLUSION_3_OF_5 * 2, str(NOTE))),
            known.VKEY,
            "not_included",
        ),
        (b"entry-3", PROOF.replace("\n5\n", "\n6\n"), known.VKEY, "bad_checkpoint"),
        (b"entry-3", PROOF, str(WITNESS_KEY), "bad_checkpoint"),
        (b"entry-3", PROOF, "rubbish", "bad_key"),
        (b"entry-3", "rubbish", known.VKEY, "bad_proof_file"),
    ],
)
def test_a_failed_verification_names_its_reason(entry: bytes, proof: str, vkey: str, reason: str) -> None:
    with pytest.raises(VerificationFailed) as failure:
        verify_proof(entry, proof, vkey)
    assert failure.value.reason == reason


def test_tile_addresses_read_back() -> None:
    for path, tile in {
        "0/x001/x234/067": Tile(0, 1_234_067),
        "2/000.p/1": Tile(2, 0, 1),
        "entries/x273/112.p/255": Tile("entries", 273_112, 255),
        "63/999": Tile(63, 999),
    }.items():
        assert parse_tile_path(path) == tile
        assert tile.path() == path


@pytest.mark.parametrize(
    "path",
    [
        "0/1",
        "0/x000/001",
        "00/001",
        "64/000",
        "0/000.p/0",
        "0/000.p/256",
        "0/000.p/01",
        "0/001/002",
        "x/000",
        "0/000/",
    ],
)
def test_other_tile_addresses_are_refused(path: str) -> None:
    with pytest.raises(TileRejected):
        parse_tile_path(path)


def test_entries_tiles_read_back_and_cut_ones_are_refused() -> None:
    content = dump_entries([b"", b"one", b"x" * 65_535])
    assert split_entries(content) == [b"", b"one", b"x" * 65_535]
    for cut in (content[:-1], content[:3], content[:1]):
        with pytest.raises(TileRejected):
            split_entries(cut)


def test_a_tile_narrower_than_its_address_is_refused() -> None:
    with pytest.raises(TileRejected, match="fewer than its width"):
        node_from((0, 5), b"\x00" * 32 * 5)


def test_a_signature_without_bytes_is_refused() -> None:
    with pytest.raises(NoteRejected, match="is empty"):
        parse_note(CHECKPOINT.text() + "\n\u2014 name MgXLbA==\n")


def test_a_checkpoint_of_two_keys_opens_with_either_and_with_neither_of_others() -> None:
    second = NoteSigner(known.ORIGIN, Ed25519PrivateKey.generate())
    note = str(sign_checkpoint(CHECKPOINT, known.signer(), second))
    assert open_checkpoint(note, KEY).signed_by == (KEY,)
    assert open_checkpoint(note, second.key).signed_by == (second.key,)
    assert open_checkpoint(note, [second.key, KEY]).signed_by == (second.key, KEY)
    third = NoteSigner(known.ORIGIN, Ed25519PrivateKey.generate())
    with pytest.raises(NoteRejected, match="no signature of a key"):
        open_checkpoint(note, [third.key])
    proof = str(Proof(3, known.INCLUSION_3_OF_5, note))
    assert verify_proof(known.entry(3), proof, f"{third.key}\n{second.key}\n").index == 3


def test_one_wrong_signature_of_a_known_key_spoils_a_checkpoint_of_two() -> None:
    second = NoteSigner(known.ORIGIN, Ed25519PrivateKey.generate())
    forged = second.sign(Checkpoint(known.ORIGIN, 6, known.ROOTS[5]).text()).signatures
    note = str(with_signatures(NOTE, forged))
    assert open_checkpoint(note, KEY).checkpoint == CHECKPOINT
    with pytest.raises(NoteRejected, match="not of this text"):
        open_checkpoint(note, [KEY, second.key])
