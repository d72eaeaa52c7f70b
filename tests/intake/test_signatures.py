"""Every scheme on known answers (openssl's, or the vendor's own), and everything about a delivery altered."""

import base64
import json
import re
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.running import CHECKOUT
from govbus.contracts.conclusions.rejection import REJECTION_REASONS
from govbus.intake.domain.client_certificate import FORWARDED_HEADER, PEM_HEADER, VERIFIED_HEADER, forwarded
from govbus.intake.domain.evidence import Evidence
from govbus.intake.domain.refusals import REASONS, Refused
from govbus.intake.domain.schemes import MTLS, NONE, SCHEMES, SNS, check_secret, check_window
from govbus.intake.domain.shared_secrets import SHOWING
from govbus.intake.domain.signatures import SIGNING
from intake.certificates import identity

BODY = b'{"event":"x"}'
SECRET = "test-secret"
DECODED_SECRET = base64.b64encode(b"secret-key-bytes").decode()
SIGNED_AT = datetime.fromtimestamp(1750861210, UTC)

OF_BODY = "f05fb48f04aab7edefe61813e0fe19dacf2bfb3788f89292b6a78e4d92d81cd2"
OF_BODY_SHA1 = "d6aa7ba0dac6f6ef112f78ecbb33362432d3873b"
OF_TIME_AND_BODY = "a33eb36cf7ee9ac1815d9115277d6a1117d54416c790c5e5e0f93d8719b0d25f"
OF_ID_TIME_AND_BODY = "4Xn2QamJlgB1TF6KG3sNfR2Iiyc8CLNzaI/HRq6OxDo="
OF_ID_TIME_AND_BODY_DECODED = "87IGBG3NnlnjJetHip5zSoL/PAbuz+7EPTuqIdkFzYU="
OTHER = "0" * 64
AMAZON = identity("sns.amazonaws.com")


@dataclass(frozen=True)
class Known:
    """A delivery that is authentic, and the header that says so."""

    scheme: str
    header: str
    value: str
    more: dict[str, str] = field(default_factory=dict)
    secret: str = SECRET
    body: bytes = BODY

    @property
    def evidence(self) -> Evidence:
        """The delivery."""
        return Evidence({self.header: self.value, **self.more}, body=self.body)


def _standard(scheme: str, value: str, secret: str) -> Known:
    more = {"webhook-id": "id-1", "webhook-timestamp": "1750861210"}
    return Known(scheme, "webhook-signature", value, more, secret)


SIGNED = [
    Known("databricks", "x-databricks-signature", OF_BODY),
    Known("github", "x-hub-signature-256", f"sha256={OF_BODY}"),
    Known("langfuse", "x-langfuse-signature", f"t=1750861210,v1={OF_TIME_AND_BODY}"),
    Known(
        "mlflow",
        "x-mlflow-signature",
        f"v1,{OF_ID_TIME_AND_BODY}",
        {"x-mlflow-delivery-id": "id-1", "x-mlflow-timestamp": "1750861210"},
    ),
    Known("openmetadata", "x-om-signature", f"sha256={OF_BODY}"),
    Known("openmetadata", "x-om-signature", OF_BODY),
    Known("pagerduty", "x-pagerduty-signature", f"v1={OTHER},v1={OF_BODY}"),
    Known("wandb", "x-wandb-signature", base64.b64encode(bytes.fromhex(OF_BODY)).decode()),
    _standard("gitlab", f"v1,{OF_ID_TIME_AND_BODY}", SECRET),
    _standard("gitlab", f"v1,{OF_ID_TIME_AND_BODY_DECODED}", DECODED_SECRET),
    _standard("gitlab", f"v1,{OF_ID_TIME_AND_BODY_DECODED}", f"whsec_{DECODED_SECRET}"),
    _standard("openai", f"v1,AAAA v1,{OF_ID_TIME_AND_BODY_DECODED}", f"whsec_{DECODED_SECRET}"),
    _standard("standard-webhooks", f"v1,{OF_ID_TIME_AND_BODY_DECODED}", DECODED_SECRET),
]
"""Digests of `openssl dgst -sha256 -hmac test-secret`, over the body or what the scheme joins before it."""

GITHUBS_OWN = Known(
    "github",
    "x-hub-signature-256",
    "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
    secret="It's a Secret to Everybody",
    body=b"Hello, World!",
)
"""Source: GitHub, "Validating webhook deliveries"."""

SHOWN = [
    Known("basic", "authorization", "Basic " + base64.b64encode(b"user:pass:word").decode(), secret="user:pass:word"),
    Known("bearer", "authorization", f"Bearer {SECRET}"),
    Known("bearer", "authorization", f"bearer {SECRET}"),
    Known("eventgrid", "authorization", f"Bearer {SECRET}"),
    Known("gitlab-token", "x-gitlab-token", SECRET),
    Known("huggingface", "x-webhook-secret", SECRET),
]


def _name(known: Known) -> str:
    return f"{known.scheme}-{known.value[:12]}"


def _refused(known: Known, evidence: Evidence) -> str:
    """Return the reason, or nothing when it passes."""
    try:
        SCHEMES[known.scheme].authenticate([known.secret], evidence)
    except Refused as refusal:
        return refusal.reason
    return ""


def test_every_scheme_with_a_secret_has_a_known_answer() -> None:
    assert {known.scheme for known in (*SIGNED, *SHOWN)} == set(SIGNING) | set(SHOWING)
    assert set(SCHEMES) == set(SIGNING) | set(SHOWING) | {MTLS, SNS, NONE}


@pytest.mark.parametrize("known", [*SIGNED, GITHUBS_OWN, *SHOWN], ids=_name)
def test_what_was_signed_or_shown_rightly_passes(known: Known) -> None:
    assert _refused(known, known.evidence) == ""


@pytest.mark.parametrize("known", [*SIGNED, GITHUBS_OWN], ids=_name)
def test_an_altered_body_is_a_bad_signature(known: Known) -> None:
    for body in (known.body + b" ", known.body[:-1], known.body.replace(b'"', b"'"), b""):
        if body != known.body:
            assert _refused(known, replace(known.evidence, body=body)) == "bad_signature"


@pytest.mark.parametrize("known", SIGNED, ids=_name)
def test_an_altered_signature_is_a_bad_signature(known: Known) -> None:
    for value in (known.value.swapcase(), known.value[:-2], known.value + "0", "v1,", "sha256=", "é", "," * 5000):
        assert _refused(known, Evidence({**known.evidence.headers, known.header: value}, body=BODY)) in {
            "bad_signature",
            "unsigned" if known.scheme == "langfuse" else "bad_signature",
        }


@pytest.mark.parametrize("known", SIGNED, ids=_name)
def test_an_altered_or_missing_header_that_is_signed_too_is_refused(known: Known) -> None:
    for header in known.more:
        changed = {**known.evidence.headers, header: known.more[header] + "0"}
        assert _refused(known, Evidence(changed, body=BODY)) == "bad_signature"
        missing = {name: value for name, value in known.evidence.headers.items() if name != header}
        assert _refused(known, Evidence(missing, body=BODY)) == "unsigned"


@pytest.mark.parametrize("known", [*SIGNED, *SHOWN], ids=_name)
def test_without_its_header_a_delivery_is_unsigned(known: Known) -> None:
    assert _refused(known, Evidence(known.more, body=BODY)) == "unsigned"
    assert _refused(known, Evidence({**known.more, known.header: ""}, body=BODY)) == "unsigned"


@pytest.mark.parametrize("known", [*SIGNED, *SHOWN], ids=_name)
def test_another_secret_is_refused_and_beside_the_right_one_it_does_no_harm(known: Known) -> None:
    scheme, other = SCHEMES[known.scheme], base64.b64encode(b"another").decode()
    with pytest.raises(Refused, match="bad_signature"):
        scheme.authenticate([other], known.evidence)
    scheme.authenticate([other, known.secret], known.evidence)
    scheme.authenticate([known.secret, other], known.evidence)


@pytest.mark.parametrize("known", SHOWN, ids=_name)
def test_a_shown_secret_must_be_the_whole_secret(known: Known) -> None:
    for value in (known.value + "x", known.value[:-1], known.value.swapcase(), f"Digest {SECRET}"):
        assert _refused(known, Evidence({known.header: value})) in {"bad_signature", "unsigned"}


def test_githubs_sha1_alone_is_not_a_signature() -> None:
    evidence = Evidence({"x-hub-signature": f"sha1={OF_BODY_SHA1}"}, body=BODY)
    assert _refused(SIGNED[1], evidence) == "unsigned"


def test_event_grid_shows_its_secret_in_the_address_and_a_wrong_one_there_is_not_mended_by_a_right_header() -> None:
    scheme = SCHEMES["eventgrid"]
    scheme.authenticate([SECRET], Evidence({}, {"code": SECRET}))
    with pytest.raises(Refused, match="unsigned"):
        scheme.authenticate([SECRET], Evidence({}, {"key": SECRET}))
    with pytest.raises(Refused, match="bad_signature"):
        scheme.authenticate([SECRET], Evidence({"authorization": f"Bearer {SECRET}"}, {"code": "other"}))


def test_no_more_signatures_than_a_platform_sends_are_looked_at() -> None:
    hidden = " ".join(["v1,AAAA"] * 16 + [f"v1,{OF_ID_TIME_AND_BODY_DECODED}"])
    assert _refused(_standard("openai", hidden, DECODED_SECRET), _standard("openai", hidden, "").evidence) != ""


@pytest.mark.parametrize(
    ("scheme", "secret"),
    [
        ("mlflow", ""),
        ("openai", "whsec_!!"),
        ("openai", "whsec_"),
        ("huggingface", "geheimnis-ß"),
        ("bearer", "two\nlines"),
        ("gitlab-token", " padded "),
        ("basic", "no-colon"),
        ("mtls", "not a certificate"),
        ("mtls", "localhost"),
        ("sns", "-----BEGIN CERTIFICATE-----"),
        ("none", "unlooked-at"),
    ],
)
def test_a_secret_that_its_scheme_cannot_use_is_refused_at_registration_without_being_quoted(
    scheme: str, secret: str
) -> None:
    with pytest.raises(ValueError, match=r"secret|certificate") as caught:
        check_secret(scheme, secret)
    assert not secret or secret not in str(caught.value)


def test_an_unknown_scheme_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="bearer, databricks"):
        check_secret("rot13", "x")


@pytest.mark.parametrize(
    "known", [known for known in SIGNED if known.scheme in {"langfuse", "mlflow", "openai"}], ids=_name
)
def test_a_signed_time_outside_of_the_window_is_refused_in_both_directions(known: Known) -> None:
    scheme, evidence = SCHEMES[known.scheme], known.evidence
    for offset, passes in ((-300, True), (300, True), (-301, False), (301, False)):
        now = SIGNED_AT + timedelta(seconds=offset)
        if passes:
            check_window(scheme, evidence, now, 300)
        else:
            with pytest.raises(Refused, match="outside_replay_window"):
                check_window(scheme, evidence, now, 300)


@pytest.mark.parametrize("text", ["", "soon", "-1", "1e9", "9" * 12, "²"])
def test_a_signed_time_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="bad_headers"):
        check_window(SCHEMES["mlflow"], Evidence({"x-mlflow-timestamp": text}), SIGNED_AT, 300)


def test_a_scheme_that_signs_no_time_has_no_window() -> None:
    for scheme in ("github", "bearer", "mtls", "none"):
        check_window(SCHEMES[scheme], Evidence({}), SIGNED_AT, 1)


def test_the_page_about_webhooks_names_every_scheme() -> None:
    page = (CHECKOUT / "docs" / "webhooks.md").read_text()
    assert set(re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE)) == set(SCHEMES)


ANY_TEXT = st.text(max_size=200)
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        name: ANY_TEXT | st.from_regex(r"(t=[0-9]{0,12},?)?(v1[,=])?[A-Za-z0-9+/=]{0,64}", fullmatch=True)
        for name in {known.header for known in (*SIGNED, *SHOWN)} | {name for known in SIGNED for name in known.more}
    },
)


@given(st.sampled_from(sorted(SCHEMES)), HEADERS, st.dictionaries(st.just("code"), ANY_TEXT), st.binary(max_size=300))
def test_whatever_comes_is_refused_in_words_and_nothing_else_happens(
    name: str, headers: dict[str, str], query: dict[str, str], body: bytes
) -> None:
    evidence = Evidence(headers, query, body)
    secret = {"mtls": "ab" * 32, "sns": AMAZON.pem, "basic": "user:word"}.get(name, DECODED_SECRET)
    with pytest.raises(Refused) if name != "none" else nullcontext():
        SCHEMES[name].authenticate([secret], evidence)
        check_window(SCHEMES[name], evidence, SIGNED_AT, 300)


@given(st.text(max_size=300) | st.from_regex(r"(Hash|URI|Subject)=[a-f0-9\"\\;,=]{0,80}", fullmatch=True))
def test_whatever_a_proxy_says_is_a_certificate_or_refused(text: str) -> None:
    for headers in ({FORWARDED_HEADER: text}, {PEM_HEADER: text, VERIFIED_HEADER: "SUCCESS"}):
        found, reason = None, ""
        try:
            found = forwarded(headers)
        except Refused as refusal:
            reason = refusal.reason
        assert reason == "bad_headers" or found is None or len(found.sha256) == 64


@given(st.dictionaries(st.sampled_from(["Type", "SigningCertURL", "Signature", "Message"]), st.text() | st.integers()))
def test_whatever_says_to_be_from_amazon_is_refused(fields: dict[str, object]) -> None:
    body = json.dumps({"SignatureVersion": "2", "Type": "Notification", **fields}).encode()
    with pytest.raises(Refused):
        SCHEMES["sns"].authenticate([AMAZON.pem], Evidence({}, body=body))


def test_every_reason_of_a_refusal_is_one_that_readers_were_told_of() -> None:
    assert set(REASONS) <= REJECTION_REASONS
    assert {"handshake", "overloaded", "rate_limited"} <= REJECTION_REASONS
