"""What platforms say about a person: every personal field of every fact, over every channel, taken and refused."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import httpx2
from aiokafka import AIOKafkaProducer

from contracts.examples import EXAMPLES, read_example
from govbus.contracts.all_events import TYPES
from govbus.contracts.catalogue import EventType
from govbus.contracts.personal import data_subject_path, personal_paths
from system.facts import NAMESPACE, SOURCE
from system.feeding_kafka import TOPIC
from system.live_stack import LiveStack

INCIDENT: Final = "dev.govbus.incident.reported.v1"
MAPPING: Final = """
name: helpdesk
version: "1"
describes: tickets of a help desk
decoder: json
match: has(body.ticket)
delivery: body.ticket
time: context.time
requires: [body.ticket, body.model, body.words]
rules:
  - name: complaint
    when: body.kind == 'complaint'
    type: complaint.received
    subject: {model: body.model}
    data: {person: body.person, account: body.words}
"""
_STRUCTURED: Final = {"content-type": "application/cloudevents+json"}
_BATCH: Final = {"content-type": "application/cloudevents-batch+json"}
_JSON: Final = {"content-type": "application/json"}


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a run: `private` is in personal fields only, `public` in another field; `person` is a pseudonym."""

    private: str
    public: str
    person: str

    @property
    def text(self) -> str:
        """A personal text with the private word in it."""
        return f'Frau Müller ({self.private}), "Springfield"\nwas turned down'


def personal_facts(words: Words, channel: str) -> list[dict[str, Any]]:
    """Return one event of every fact with personal fields, the private word in each of them."""
    declared = [one for one in TYPES if one.is_fact and personal_paths(one.payload)]
    return [_fact(one, words, f"{channel}-{number}") for number, one in enumerate(declared)]


def public_fact(words: Words, channel: str) -> dict[str, Any]:
    """Return an event with the public word in a field that is not personal."""
    return _event(f"{channel}-public", INCIDENT, {"summary": words.public, "severity": "low"})


def refused_bodies(words: Words) -> Iterator[bytes]:
    """Yield structured events with the private word in them that no intake takes."""
    broken: list[dict[str, Any]] = [
        {"summary": "s", "severity": "terrible", "account": words.text},
        {"summary": "s", "severity": "low", "account": {"text": words.text}},
        {"summary": "s", "severity": "low", "account": [words.private]},
        {"severity": "low", "account": words.text, words.private: 1},
    ]
    for number, data in enumerate(broken):
        yield json.dumps(_event(f"broken-{number}", INCIDENT, data)).encode()
    yield f'{{"specversion": "1.0", "data": {{"account": "{words.private}"'.encode()
    yield json.dumps([words.private]).encode()
    yield b"\xff" + words.private.encode()


async def say_over_http(stack: LiveStack, words: Words) -> None:
    """Say everything over HTTP, as the platform and as nobody."""
    mine = {"authorization": f"Bearer {stack.credential('source:demo')}"}
    async with httpx2.AsyncClient(base_url=stack.url, trust_env=False, timeout=30) as client:
        batch = json.dumps([*personal_facts(words, "http"), public_fact(words, "http")])
        answer = await client.post("/v1/events", content=batch, headers={**mine, **_BATCH})
        results = answer.json()["results"]
        assert {result["status"] for result in results} == {"accepted"}, results
        for body in refused_bodies(words):
            refused = await client.post("/v1/events", content=body, headers={**mine, **_STRUCTURED})
            assert 400 <= refused.status_code < 500, refused.text
            assert words.private not in refused.text
        nobody = {"authorization": f"Bearer {words.public}", **_STRUCTURED}
        unknown = await client.post("/v1/events", content=next(refused_bodies(words)), headers=nobody)
        assert unknown.status_code == 401


async def say_over_kafka(stack: LiveStack, words: Words) -> None:
    """Say everything on the platform's own topic."""
    producer = AIOKafkaProducer(acks="all", **stack.kafka())
    await producer.start()
    try:
        taken = [*personal_facts(words, "kafka"), public_fact(words, "kafka")]
        bodies = [json.dumps(event).encode() for event in taken] + list(refused_bodies(words))
        for body in bodies:
            await producer.send_and_wait(TOPIC, body, headers=[("content-type", b"application/cloudevents+json")])
    finally:
        await producer.stop()


async def say_over_webhook_and_import(stack: LiveStack, words: Words) -> None:
    """Deliver tickets that the mapping reads, and some that it does not, both as webhooks and as imports."""
    registered = {"name": "helpdesk", "source": "//helpdesk", "namespace": "helpdesk", "mapping": "helpdesk"}
    admin = {"authorization": f"Bearer {stack.credential('admin')}"}
    async with httpx2.AsyncClient(base_url=stack.url, trust_env=False, timeout=30) as client:
        made = await client.post("/v1/sources", json=registered, headers=admin)
        assert made.status_code == 201, made.text
        mine = {"authorization": f"Bearer {made.json()['credential']}", **_JSON}
        for path in ("/v1/webhooks/helpdesk", "/v1/imports?as=helpdesk"):
            taken = await client.post(path, content=_ticket(words, path), headers=mine)
            assert taken.status_code == 202, taken.text
            for body in _unreadable_tickets(words, path):
                refused = await client.post(path, content=body, headers=mine)
                assert "accepted" not in refused.text
                assert words.private not in refused.text


def _ticket(run: Words, number: str, **changes: Any) -> str:
    said = {"kind": "complaint", "model": "chat", "person": run.person, "words": run.text}
    return json.dumps({"ticket": number, **said, **changes})


def _unreadable_tickets(words: Words, number: str) -> Iterator[str]:
    yield json.dumps({"ticket": f"{number} a", "model": "chat", "note": words.text})
    yield _ticket(words, f"{number} b", kind=words.text)
    yield _ticket(words, f"{number} c", words=[words.text])
    yield _ticket(words, f"{number} d", ticket={words.private: 5})
    yield f'{{"ticket": "{words.private}'


def _fact(declared: EventType, words: Words, id_: str) -> dict[str, Any]:
    named = data_subject_path(declared.payload)
    data = _example(declared, named)
    for path in personal_paths(declared.payload):
        _plant(data, path, words.text)
    if named is not None:
        _plant(data, named, words.person)
    family = declared.name.partition(".")[0]
    subjects = {"person": f"person/{words.person}", "vendor": f"vendor/{id_}"}
    return _event(id_, declared.full_name, data, subjects.get(family, f"model/{NAMESPACE}/{id_}"))


def _example(declared: EventType, named: tuple[str, ...] | None) -> dict[str, Any]:
    """Return the data of a good example, of one that names a person where the contract can."""
    examples = [read_example(path).json() for path in sorted((EXAMPLES / declared.name / "good").glob("*.json"))]
    return next(data for data in examples if named is None or named[0] in data)


def _plant(data: dict[str, Any], path: tuple[str, ...], text: str) -> None:
    """Put `text` at `path`; one of the list's items, where the path goes through a list."""
    *above, last = path
    place: Any = data
    for step in above:
        place = place[0] if step == "*" else place.setdefault(step, {})
    place[0 if last == "*" else last] = text


def _event(id_: str, type_: str, data: dict[str, Any], subject: str = f"model/{NAMESPACE}/hunted") -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": id_,
        "source": SOURCE,
        "type": type_,
        "subject": subject,
        "time": "2026-11-23T11:59:00Z",
        "datacontenttype": "application/json",
        "data": data,
    }
