"""From an event to its receivers and back onto the bus, on real PostgreSQL, HTTP and SMTP."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
from fastapi import FastAPI
from sqlalchemy import text
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from starlette.responses import RedirectResponse, Response

from govbus.contracts import catalogue
from govbus.contracts.conclusions.notification import NotificationFailed, NotificationSent, NotificationSuppressed
from govbus.eventing.service import Service
from govbus.notifier.sending import Sender
from notifier.receiving import SECRET, MailReceiver, WebhookReceiver
from notifier.saying import MODEL, TRACE, deliver, failed, kinds, opened, rejected, spoken

Turn = Callable[[], Awaitable[None]]


async def rows(service: Service, query: str) -> list[tuple[object, ...]]:
    async with service.engine.connect() as connection:
        return [tuple(row) for row in await connection.execute(text(query))]


async def test_an_incident_reaches_webhook_and_mail_and_the_bus_hears_of_both(
    service: Service, turn: Turn, desk: WebhookReceiver, mailbox: MailReceiver
) -> None:
    event = opened()
    assert await deliver(service, event) == []
    await turn()
    (hook,), (mail,) = desk.received, mailbox.mails
    Webhook(SECRET).verify(hook.body, hook.headers)
    assert hook.document["type"] == "incident.opened"
    assert hook.document["data"]["event"]["id"] == event.id
    assert hook.document["data"]["summary"] == "version 1 is deployed and failed fairness"
    assert hook.document["data"]["links"]["case"] == "http://govbus.example/v1/cases/4711"
    assert mail["Subject"] == f"[Govbus] Incident opened (high): {MODEL}"
    assert mail["To"] == "desk@example.org, board@example.org"
    assert "failed fairness" in mail.get_content()
    said = await spoken(service)
    assert kinds(said) == ["sent", "sent", "sent"], "webhook, mail and log"
    payloads = [catalogue.read(one) for one in said]
    assert all(isinstance(payload, NotificationSent) and payload.about.id == event.id for payload in payloads)
    assert {one.correlationid for one in said} == {"story-1"}
    assert {one.causationid for one in said} == {event.id}
    assert len({one.id for one in said}) == 3


async def test_the_trace_of_the_event_goes_on_in_webhook_mail_and_conclusion(
    service: Service, turn: Turn, desk: WebhookReceiver, mailbox: MailReceiver
) -> None:
    await deliver(service, opened())
    await turn()
    trace = TRACE.split("-")[1]
    assert desk.received[0].headers["traceparent"].split("-")[1] == trace
    assert mailbox.mails[0]["Traceparent"].split("-")[1] == trace
    assert {one.traceparent.split("-")[1] for one in await spoken(service) if one.traceparent} == {trace}


async def test_a_redelivered_event_is_notified_once(service: Service, turn: Turn, desk: WebhookReceiver) -> None:
    event = failed()
    await deliver(service, event, event)
    await turn()
    await turn()
    assert len(desk.received) == 1


async def test_a_stop_lets_a_send_end_so_that_it_is_not_sent_twice(
    app: FastAPI, service: Service, turn: Turn, desk: WebhookReceiver
) -> None:
    await deliver(service, failed())
    await app.state.sender.round()
    await app.state.sender.close()
    assert "sent" in kinds(await spoken(service))
    await turn()
    assert len(desk.received) == 1


async def test_the_same_is_told_once_per_repeat_interval_and_the_rest_is_on_record(
    service: Service, turn: Turn, desk: WebhookReceiver
) -> None:
    again, news = failed(after=timedelta(hours=3)), failed("2", after=timedelta(hours=3))
    late = failed(after=timedelta(hours=5))
    said = await deliver(service, failed(), again, news, late)
    await turn()
    told = sorted(hook.document["data"]["details"]["version"] for hook in desk.received)  # sent side by side: no order
    assert told == ["1", "1", "2"]
    (held,) = [catalogue.read(one) for one in said]
    assert isinstance(held, NotificationSuppressed)
    assert (held.reason, held.about.id) == ("repeat_interval", again.id)


async def test_a_flaky_receiver_gets_every_try_under_one_id_with_the_same_body(
    service: Service, turn: Turn, desk: WebhookReceiver
) -> None:
    desk.answers = [Response(status_code=503), Response(status_code=500)]
    await deliver(service, failed())
    for _ in range(3):
        await turn()
    assert len(desk.received) == 3
    assert len({hook.headers["webhook-id"] for hook in desk.received}) == 1
    assert len({hook.body for hook in desk.received}) == 1
    for hook in desk.received:
        Webhook(SECRET).verify(hook.body, hook.headers)
    (said,) = [catalogue.read(one) for one in await spoken(service)]
    assert isinstance(said, NotificationSent)
    assert said.attempts_count == 3
    outcomes = await rows(service, "SELECT number, outcome FROM attempt ORDER BY number")
    assert outcomes == [(1, "http_503"), (2, "http_500"), (3, "delivered")]


async def test_what_is_never_taken_is_given_up_and_said(service: Service, turn: Turn, desk: WebhookReceiver) -> None:
    desk.answers = [Response(status_code=500) for _ in range(9)]
    await deliver(service, failed())
    for _ in range(6):
        await turn()
    assert len(desk.received) == 3
    (said,) = [catalogue.read(one) for one in await spoken(service)]
    assert isinstance(said, NotificationFailed)
    assert (said.reason, said.attempts_count) == ("http_500", 3)


async def test_a_receiver_that_is_gone_is_not_asked_again(service: Service, turn: Turn, desk: WebhookReceiver) -> None:
    desk.answers = [Response(status_code=410)]
    await deliver(service, failed())
    await turn()
    await turn()
    assert len(desk.received) == 1
    assert kinds(await spoken(service)) == ["failed"]


async def test_a_redirect_is_not_followed(service: Service, turn: Turn, desk: WebhookReceiver) -> None:
    desk.answers = [RedirectResponse(desk.url.replace("/hook", "/elsewhere"), 307)]
    await deliver(service, failed())
    await turn()
    assert [hook.path for hook in desk.received] == ["/hook"]
    assert await rows(service, "SELECT outcome FROM attempt") == [("http_307",)]


async def test_a_hanging_receiver_costs_one_try_and_holds_up_no_other_receiver(
    service: Service, turn: Turn, desk: WebhookReceiver, mailbox: MailReceiver
) -> None:
    desk.hangs_seconds = 2.5
    await deliver(service, opened())
    await turn()
    assert len(mailbox.mails) == 1
    assert ("timeout",) in await rows(service, "SELECT outcome FROM attempt")


async def test_a_mail_refused_for_good_is_given_up_at_once_and_for_now_is_tried_again_under_one_message_id(
    service: Service, turn: Turn, mailbox: MailReceiver
) -> None:
    mailbox.reply = "451 later"
    await deliver(service, opened())
    await turn()
    mailbox.reply = None
    await turn()
    assert len(mailbox.mails) == 1
    mailbox.reply = "550 never"
    await deliver(service, opened("4712"))
    await turn()
    await turn()
    outcomes = await rows(
        service,
        "SELECT outcome FROM attempt JOIN notification n ON n.id = notification_id WHERE channel = 'mail' "
        "ORDER BY n.ordinal, number",
    )
    assert outcomes == [("smtp_451",), ("delivered",), ("smtp_550",)]


async def test_a_sender_that_died_is_taken_over_when_its_lease_ends(
    service: Service, turn: Turn, desk: WebhookReceiver
) -> None:
    await deliver(service, failed())
    async with service.engine.begin() as connection:
        await connection.execute(
            text("UPDATE notification SET lease = gen_random_uuid(), leased_until = now() + interval '1 hour'")
        )
    await turn()
    assert desk.received == []
    async with service.engine.begin() as connection:
        await connection.execute(text("UPDATE notification SET leased_until = now()"))
    await turn()
    assert len(desk.received) == 1
    assert kinds(await spoken(service)) == ["sent"]


async def test_a_sender_that_lost_its_lease_records_nothing(
    service: Service, sender: Sender, desk: WebhookReceiver
) -> None:
    desk.hangs_seconds = 0.3
    await deliver(service, failed())
    await sender.round()
    async with service.engine.begin() as connection:
        await connection.execute(text("UPDATE notification SET lease = gen_random_uuid()"))
    await sender.finish()
    assert await rows(service, "SELECT state, attempts_count FROM notification") == [("pending", 0)]
    assert await spoken(service) == []


@pytest.mark.parametrize(("reason", "receiver"), [("bad_signature", "governance-webhook"), ("invalid_json", "log")])
async def test_refused_input_goes_to_the_desk_when_somebody_may_be_forging(
    service: Service, turn: Turn, reason: str, receiver: str
) -> None:
    await deliver(service, rejected(reason))
    await turn()
    assert await rows(service, "SELECT receiver, state FROM notification") == [(receiver, "sent")]


async def test_confidential_events_are_told_without_their_words(
    service: Service, turn: Turn, desk: WebhookReceiver, mailbox: MailReceiver
) -> None:
    await deliver(service, opened(dataclassification="personal"))
    await turn()
    assert "fairness" not in desk.received[0].body.decode()
    assert "fairness" not in mailbox.mails[0].as_string()


async def test_a_forged_body_does_not_verify(service: Service, turn: Turn, desk: WebhookReceiver) -> None:
    await deliver(service, failed())
    await turn()
    (hook,) = desk.received
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(hook.body.replace(b"fairness", b"kindness"), hook.headers)
    assert abs(datetime.now(UTC).timestamp() - int(hook.headers["webhook-timestamp"])) < 30
