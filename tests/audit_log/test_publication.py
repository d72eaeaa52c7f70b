"""What leaves on `govbus.audit`: written by hand for speed, byte for byte what the contract writes."""

import dataclasses
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govbus.audit_log.domain.classification import CLASSIFICATIONS, is_open
from govbus.audit_log.domain.publication import Publishable, published_entry
from govbus.contracts import catalogue
from govbus.contracts.conclusions.log import EntryPublished
from govbus.contracts.translog import base64_strict
from govbus.contracts.translog.entry import EVENT, canonical_texts

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
STORED = Publishable(
    7, EVENT, b"{}", "a", "c", "internal", datetime(2026, 11, 23, tzinfo=UTC), bytes(32), b'{"id":"a"}', b'{"x":1}'
)


def _said(stored: Publishable) -> bytes:
    opened = is_open(stored.classification) and stored.key is not None
    shown = [
        base64_strict.encode(it) if opened and it is not None else None for it in (stored.payload, stored.attributes)
    ]
    return catalogue.dump(
        EntryPublished(
            index=stored.index,
            entry=base64_strict.encode(stored.entry),
            payload=shown[0],
            attributes=shown[1],
            commitment_key=base64_strict.encode(stored.key) if opened and stored.key is not None else None,
        )
    )


@given(
    st.integers(0, 2**53 - 1),
    st.binary(min_size=1, max_size=300),
    st.sampled_from(CLASSIFICATIONS),
    st.none() | st.binary(min_size=32, max_size=32),
    st.none() | st.binary(max_size=300),
    st.none() | st.binary(max_size=300),
)
def test_what_is_published_is_what_the_contract_writes(
    index: int, entry: bytes, classification: str, key: bytes | None, attributes: bytes | None, payload: bytes | None
) -> None:
    stored = dataclasses.replace(
        STORED, index=index, entry=entry, classification=classification, key=key, attributes=attributes, payload=payload
    )
    event = published_entry("log.example", stored)
    assert event.data == _said(stored)
    assert catalogue.read(event) is not None


@pytest.mark.parametrize(
    ("texts", "trace"),
    [
        ({"id": "a", "traceparent": TRACE}, TRACE),
        ({"traceparent": TRACE}, TRACE),
        ({"id": "a"}, None),
        ({"id": f'x,"traceparent":"{TRACE}"'}, None),
        ({"id": f'{{"traceparent":"{TRACE}"', "xtraceparent": TRACE}, None),
    ],
)
def test_the_trace_is_the_attribute_and_nothing_that_looks_like_it(texts: dict[str, str], trace: str | None) -> None:
    stored = dataclasses.replace(STORED, attributes=canonical_texts(texts))
    assert published_entry("log.example", stored).traceparent == trace
