"""AWS: envelopes around anybody's payloads, alarms, and state changes that name no version."""

import base64
import json
from typing import Any

import pytest

from intake.mappings.reading import facts, ignored, read, refusal, units

TOPIC = "arn:aws:sns:eu-central-1:1:alarms"
ALARM_ARN = "arn:aws:cloudwatch:eu-central-1:1:alarm:Latenz hoch"
ALARM = {
    "AlarmName": "Latenz hoch",
    "AlarmArn": ALARM_ARN,
    "NewStateValue": "ALARM",
    "NewStateReason": "Threshold Crossed",
    "StateChangeTime": "2015-06-03T17:43:27.123+0000",
}


def notification(message: Any, **changed: Any) -> dict[str, Any]:
    """Return a notification of SNS as it comes over HTTPS."""
    text = message if isinstance(message, str) else json.dumps(message)
    sent = {"Type": "Notification", "MessageId": "95df", "TopicArn": TOPIC, "Message": text}
    return {**sent, "Timestamp": "2015-06-03T17:43:27.123Z", **changed}


def records(source: str, *members: dict[str, Any]) -> dict[str, Any]:
    """Return records as a Lambda function gets them."""
    return {"Records": [{"eventSource": source, **one} for one in members]}


def queued(body: Any, number: int = 1) -> dict[str, Any]:
    """Return a record of SQS."""
    text = body if isinstance(body, str) else json.dumps(body)
    return {
        "messageId": f"m{number}",
        "body": text,
        "eventSourceARN": "arn:aws:sqs:q",
        "attributes": {"SentTimestamp": "1523232000000"},
    }


def encoded(value: Any) -> str:
    """Return a value as base64 of its JSON."""
    return base64.b64encode(json.dumps(value).encode()).decode()


EXPECTED_ALARM = (
    "incident.reported",
    "external/aws/arn:aws:cloudwatch:eu-central-1:1:alarm:Latenz%20hoch",
    {
        "summary": "Latenz hoch: Threshold Crossed",
        "severity": "medium",
        "detected_at": "2015-06-03T17:43:27.123000Z",
        "kind": "alert",
        "status": "open",
        "external_id": f"{ALARM_ARN}/2015-06-03T17:43:27.123+0000",
    },
)


@pytest.mark.parametrize(
    "payload",
    [
        ALARM,
        notification(ALARM),
        {"Records": [{"EventSource": "aws:sns", "Sns": notification(ALARM)}]},
        records("aws:sqs", queued(ALARM)),
        records("aws:sqs", queued(notification(ALARM))),
        records(
            "aws:kinesis", {"eventID": "s:1", "kinesis": {"data": encoded(ALARM), "approximateArrivalTimestamp": 1.5}}
        ),
        {
            "eventSource": "aws:kafka",
            "records": {"t-0": [{"topic": "t", "partition": 0, "offset": 1, "timestamp": 1, "value": encoded(ALARM)}]},
        },
        {
            "eventSource": "aws:mq",
            "eventSourceArn": "arn:aws:mq:b",
            "messages": [{"messageID": "ID:1", "timestamp": 1599863938941, "data": encoded(ALARM)}],
        },
        {
            "eventSource": "aws:rmq",
            "eventSourceArn": "arn:aws:mq:b",
            "rmqMessagesByQueue": {"test::/": [{"basicProperties": {"messageId": None}, "data": encoded(ALARM)}]},
        },
        {
            "deliveryStreamArn": "arn:aws:firehose:s",
            "records": [{"recordId": "r", "approximateArrivalTimestamp": 1507217624302, "data": encoded(ALARM)}],
        },
    ],
    ids=["bare", "SNS", "SNS to Lambda", "SQS", "SNS in SQS", "Kinesis", "Kafka", "ActiveMQ", "RabbitMQ", "Firehose"],
)
def test_an_alarm_means_the_same_in_every_envelope(payload: dict[str, Any]) -> None:
    assert facts("aws", payload) == [EXPECTED_ALARM]


def test_an_alarm_of_eventbridge_and_of_a_lambda_action_is_an_incident_too() -> None:
    state = {"value": "ALARM", "reason": "Threshold Crossed", "timestamp": "2015-06-03T17:43:27.123+0000"}
    event = {
        "version": "0",
        "id": "c4c1",
        "detail-type": "CloudWatch Alarm State Change",
        "source": "aws.cloudwatch",
        "time": "2019-10-02T17:04:40Z",
        "resources": [ALARM_ARN],
        "detail": {"alarmName": "Latenz hoch", "state": state},
    }
    action = {
        "source": "aws.cloudwatch",
        "alarmArn": ALARM_ARN,
        "time": "2019-10-02T17:04:40Z",
        "alarmData": {"alarmName": "Latenz hoch", "state": state},
    }
    assert facts("aws", event) == [EXPECTED_ALARM]
    assert facts("aws", action) == [EXPECTED_ALARM]


@pytest.mark.parametrize("state", ["OK", "INSUFFICIENT_DATA"])
def test_an_alarm_that_is_over_or_knows_too_little_is_no_incident(state: str) -> None:
    (fact,) = facts("aws", {**ALARM, "NewStateValue": state})
    assert (fact[0], fact[2]["kind"]) == ("platform.reported", f"CloudWatch Alarm {state}")


def test_an_alarm_is_about_the_model_that_the_sender_states() -> None:
    (fact,) = facts("aws", ALARM, stated={"subject": "model/retail/credit-risk"})
    assert fact[1] == "model/retail/credit-risk"


def test_what_is_inside_is_read_by_the_mapping_that_knows_it() -> None:
    alert = {"status": "firing", "labels": {"alertname": "a", "model": "m"}, "startsAt": "2026-11-23T04:00:19Z"}
    group = {"status": "firing", "groupKey": "k", "groupLabels": {}, "alerts": [alert]}
    assert [fact[:2] for fact in facts("aws", records("aws:sqs", queued(group)), also=["alertmanager"])] == [
        ("incident.reported", "model/retail/m")
    ]


@pytest.mark.parametrize("message", ["Hello from SNS!", "", "5", "{}", '{"unheard": "of"}', '["x"]'])
def test_what_nobody_reads_is_kept_as_reported(message: str) -> None:
    (fact,) = facts("aws", notification(message))
    assert fact[:2] == ("platform.reported", "external/aws/arn:aws:sns:eu-central-1:1:alarms")
    assert fact[2]["kind"] == "aws:sns"


def test_records_are_deliveries_of_their_own_and_one_that_is_broken_stops_no_other() -> None:
    sent = records("aws:sqs", queued(ALARM, 1), queued("{broken", 2), queued(ALARM, 3))
    found = units("aws", sent)
    assert [unit.refused.reason if unit.refused else None for unit in found] == [None, "mapping_failed", None]
    assert [unit.drafts[0].event.id for unit in found if unit.drafts] == ["m1/0", "m3/0"]


def test_a_text_in_a_queue_is_kept_under_its_queue_and_logs_are_kept_unread() -> None:
    text = base64.b64encode(b"hello").decode()
    message = {"messageID": "ID:1", "timestamp": 1599863938941, "data": text}
    (unit,) = units("aws", {"eventSource": "aws:mq", "eventSourceArn": "arn:mq", "messages": [message]})
    event = unit.drafts[0].event
    assert (event.subject, event.time.isoformat()) == ("external/aws/arn:mq", "2020-09-11T22:38:58.941000+00:00")
    assert event.id.startswith("ID:1 ")
    (fact,) = facts("aws", {"awslogs": {"data": "H4sIAAAAAAAAAA=="}})
    assert (fact[1], fact[2]["kind"]) == ("external/aws/awslogs", "awslogs")


def test_a_record_of_kafka_without_value_is_kept_and_known_by_its_place() -> None:
    record = {"topic": "t", "partition": 3, "offset": 2**60, "timestamp": 1595035749700, "key": None, "value": None}
    (unit,) = units("aws", {"eventSource": "SelfManagedKafka", "records": {"t-3": [record]}})
    event = unit.drafts[0].event
    assert event.subject == "external/aws/t"
    assert event.id.startswith(f"t/3/{2**60} ")
    assert event.time.isoformat() == "2020-07-18T01:29:09.700000+00:00"


def test_of_mail_no_more_than_that_it_came_is_kept() -> None:
    mail = {
        "timestamp": "2015-09-11T20:32:33.936Z",
        "destination": ["anna@example.com"],
        "commonHeaders": {"subject": "x"},
    }
    (fact,) = facts("aws", records("aws:ses", {"ses": {"mail": mail, "receipt": {}}}))
    assert (fact[1], sorted(fact[2])) == ("external/aws/ses", ["kind", "payload_sha256", "platform"])


@pytest.mark.parametrize("type_", ["SubscriptionConfirmation", "UnsubscribeConfirmation"])
def test_what_a_topic_says_of_its_subscription_means_nothing(type_: str) -> None:
    assert ignored("aws", notification("You have chosen", Type=type_, SubscribeURL="https://x")) == "handshake"


@pytest.mark.parametrize("state", ["SUCCESS", "FAILURE"])
def test_a_deployment_that_names_no_version_is_kept_as_reported(state: str) -> None:
    event = {
        "id": "c071",
        "detail-type": "CodeDeploy Deployment State-change Notification",
        "source": "aws.codedeploy",
        "time": "2016-06-30T22:06:31Z",
        "resources": ["arn:aws:codedeploy:application:myApplication"],
        "detail": {"state": state, "application": "myApplication"},
    }
    (fact,) = facts("aws", event)
    assert fact[:2] == ("platform.reported", "external/aws/arn:aws:codedeploy:application:myApplication")
    assert facts("aws", {**event, "resources": []})[0][1] == "external/aws/aws.codedeploy"


def image_scan(status: str, counts: Any, **changed: Any) -> dict[str, Any]:
    """Return what ECR says of a scan."""
    detail = {
        "scan-status": status,
        "repository-name": "bonität",
        "finding-severity-counts": counts,
        "image-digest": "sha256:d4a9",
        **changed,
    }
    return {
        "id": "0123",
        "detail-type": "ECR Image Scan",
        "source": "aws.ecr",
        "time": "2019-10-30T21:32:27Z",
        "resources": ["arn:aws:ecr:eu-north-1:1:repository/b"],
        "detail": detail,
    }


@pytest.mark.parametrize(
    ("status", "counts", "outcome"),
    [
        ("COMPLETE", {"CRITICAL": 10, "LOW": 0}, "failed"),
        ("COMPLETE", {"INFORMATIONAL": 0}, "passed"),
        ("COMPLETE", {}, "passed"),
        ("INITIAL_SCAN_COMPLETE", {"CRITICAL": 0, "TOTAL": 3}, "failed"),
        ("COMPLETE", None, "errored"),
        ("COMPLETE", {"CRITICAL": "0"}, "errored"),
        ("FAILED", {}, "errored"),
    ],
)
def test_an_image_passes_only_a_scan_that_came_to_its_end_and_found_nothing(
    status: str, counts: Any, outcome: str
) -> None:
    ((type_, subject, data),) = facts("aws", image_scan(status, counts))
    assert (type_, subject) == ("validation.completed", "external/aws/arn:aws:ecr:eu-north-1:1:repository%2Fb")
    assert (data["version"], data["kind"], data["outcome"]) == ("sha256:d4a9", "security", outcome)


def test_findings_in_an_image_are_counted_by_severity() -> None:
    (fact,) = facts("aws", image_scan("COMPLETE", {"HIGH": 2, "TOTAL": 5}), stated={"subject": "model/retail/m"})
    assert fact[1] == "model/retail/m"
    assert fact[2]["measurements"] == [
        {"metric": "vulnerabilities", "value": 2, "subgroup": "HIGH"},
        {"metric": "vulnerabilities", "value": 5},
    ]


@pytest.mark.parametrize("changed", [{"scan-status": "IN_PROGRESS"}, {"image-digest": None}])
def test_a_scan_that_goes_on_or_names_no_image_is_kept_as_reported(changed: dict[str, Any]) -> None:
    assert facts("aws", image_scan("COMPLETE", {}, **changed))[0][0] == "platform.reported"


def test_an_event_of_ones_own_bus_is_kept_as_reported() -> None:
    event = {"id": "1", "detail-type": "x", "source": "com.acme", "time": "2016-06-30T22:06:31Z", "detail": {"a": 1}}
    assert facts("aws", event)[0][:2] == ("platform.reported", "external/aws/com.acme")


def test_an_alarm_that_gives_no_reason_is_an_incident_by_its_name() -> None:
    (fact,) = facts("aws", {**ALARM, "NewStateReason": None})
    assert fact[2]["summary"] == "Latenz hoch"


def test_of_a_notification_about_mail_no_more_than_that_it_came_is_kept() -> None:
    (fact,) = facts("aws", notification({"notificationType": "Bounce", "mail": {"destination": ["anna@example.com"]}}))
    assert sorted(fact[2]) == ["kind", "payload_sha256", "platform"]


def test_a_repeated_event_is_the_same_delivery() -> None:
    event = {"id": "c071", "detail-type": "x", "source": "aws.s3", "time": "2016-06-30T22:06:31Z", "detail": {}}
    assert read("aws", event).drafts[0].event.id == "c071/0"


def test_a_notification_without_message_is_refused() -> None:
    sent = notification("hello")
    del sent["Message"]
    assert refusal("aws", sent)[0] == "mapping_failed"


@pytest.mark.parametrize(
    "payload", [None, [], {}, {"Records": []}, {"Records": [5]}, {"source": "aws.x"}, {"records": {}}]
)
def test_what_is_nothing_of_aws_is_refused(payload: Any) -> None:
    assert refusal("aws", payload)[0] == "unmapped"


def test_a_secret_inside_of_an_envelope_is_blanked() -> None:
    (fact,) = facts("aws", records("aws:sqs", queued({"password": "hunter2", "note": "kept"})))
    assert fact[2]["payload"] == {"password": "[redacted]", "note": "kept"}


def test_what_the_inner_mapping_redacts_is_blanked_inside_of_an_envelope() -> None:
    attributes = {"status": "success", "variables": [{"key": "TOKEN", "value": "hunter2"}]}
    pipeline = {"object_kind": "pipeline", "project": {"path_with_namespace": "a/b"}, "object_attributes": attributes}
    (fact,) = facts("aws", notification(pipeline), also=["gitlab"])
    assert fact[1] == "external/aws/a%2Fb"
    assert "hunter2" not in str(fact)


def test_wrappers_inside_of_each_other_have_an_end() -> None:
    sent: Any = ALARM
    for _ in range(5):
        sent = notification(sent)
    assert refusal("aws", sent)[0] == "nesting_too_deep"
