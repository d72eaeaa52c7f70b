"""What is told of a failure quotes none of the data that it failed on."""

import io
import json
import logging
import traceback
from collections.abc import Awaitable, Callable, Iterator

import asyncpg
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode
from pydantic import BaseModel
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from govbus.eventing.delivery import Unprocessable
from govbus.eventing.error_words import describe, traceback_text
from govbus.eventing.partition import refusal_of
from govbus.eventing.serving import start_logs
from govbus.eventing.tracing import span

CANARY = "Ms Miller of Springfield"


class _Form(BaseModel):
    age: int


def _raised(fail: Callable[[], object]) -> Exception:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - whatever it is, it is told of
        fail()
    return caught.value


def _fail_because_of(failure: Exception) -> None:
    raise RuntimeError("the batch runs again") from failure


FAILURES = [
    _raised(lambda: _Form.model_validate({"age": CANARY})),
    _raised(lambda: int(CANARY)),
    _raised(lambda: dict[str, int]()[CANARY]),
    _raised(lambda: json.loads(f'"{CANARY}')),
    _raised((CANARY.encode() + b"\xff").decode),
    ExceptionGroup(CANARY, [ValueError(CANARY)]),
]


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the service writes to its log, kept."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level, logging.getLogger("aiokafka").level)
    start_logs("INFO")
    written = io.StringIO()
    handler = root.handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(written)
    yield written
    root.handlers[:], root.level = before[0], before[1]
    logging.getLogger("aiokafka").setLevel(before[2])


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: type(failure).__name__)
def test_no_description_quotes_what_failed(failure: Exception) -> None:
    assert CANARY not in describe(failure)
    assert CANARY not in " ".join(refusal_of(failure))


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: type(failure).__name__)
def test_a_logged_traceback_says_where_but_not_with_what(failure: Exception, log: io.StringIO) -> None:
    try:
        _fail_because_of(failure)
    except RuntimeError:
        logging.getLogger("govbus.test").exception("parked %s", "a/1@7")
    (line,) = log.getvalue().splitlines()
    told = json.loads(line)["exception"]
    assert CANARY not in line
    assert type(failure).__name__ in told
    assert "RuntimeError: the batch runs again" in told
    assert "test_error_words.py" in told


def test_a_violated_model_is_told_by_place_and_kind() -> None:
    assert describe(FAILURES[0]) == "ValidationError: 1 in _Form: /age int_parsing"


def test_our_own_errors_and_those_of_the_machinery_keep_their_words() -> None:
    assert describe(Unprocessable("unknown_model", "register it first")) == "Unprocessable: register it first"
    assert describe(ConnectionRefusedError(111, "refused")) == "ConnectionRefusedError: [Errno 111] refused"


TWICE = f"INSERT INTO once VALUES ('{CANARY}'), ('{CANARY}')"  # noqa: S608 - our own words
STATEMENTS: dict[str, Callable[[AsyncConnection], Awaitable[object]]] = {
    "22P02": lambda connection: connection.exec_driver_sql(f"SELECT '{CANARY}'::int"),
    "23505": lambda connection: connection.exec_driver_sql(TWICE),
    "DataError": lambda connection: connection.exec_driver_sql("SELECT $1::int", (CANARY,)),
}


@pytest.mark.parametrize("told", STATEMENTS)
async def test_a_failed_statement_is_told_without_its_row(probe_dsn: str, told: str) -> None:
    engine = create_async_engine(probe_dsn, hide_parameters=True)
    try:
        async with engine.connect() as connection:
            await connection.exec_driver_sql("CREATE TEMPORARY TABLE once (word text CONSTRAINT only_once UNIQUE)")
            with pytest.raises(DBAPIError) as caught:
                await STATEMENTS[told](connection)
    finally:
        await engine.dispose()
    told_by_python = "".join(traceback.format_exception(caught.value))
    assert CANARY in told_by_python, "there was something to hide"
    assert CANARY not in describe(caught.value)
    assert CANARY not in traceback_text((DBAPIError, caught.value, caught.tb))
    assert told in describe(caught.value)


def test_a_constraint_is_named() -> None:
    error = asyncpg.UniqueViolationError('duplicate key value violates unique constraint "only_once"')
    error.detail = f"Key (word)=({CANARY}) already exists."
    assert describe(error) == ('UniqueViolationError: 23505 duplicate key value violates unique constraint "only_once"')


def test_a_span_says_that_it_failed_without_the_message(monkeypatch: pytest.MonkeyPatch) -> None:
    exported = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exported))
    monkeypatch.setattr(trace, "get_tracer", provider.get_tracer)
    with pytest.raises(ValueError, match=CANARY), span("intake process govbus.intake.demo"):
        raise ValueError(CANARY)
    (finished,) = exported.get_finished_spans()
    assert (finished.status.status_code, finished.status.description) == (StatusCode.ERROR, "ValueError")
    assert CANARY not in finished.to_json()
