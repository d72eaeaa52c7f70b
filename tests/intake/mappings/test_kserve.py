"""KServe: inference traffic is ignored; a request and its response share id and source."""

import pytest

from intake.mappings.reading import carried, facts, facts_of, ignored, refusal

REQUEST = "org.kubeflow.serving.inference.request"
RESPONSE = "org.kubeflow.serving.inference.response"


@pytest.mark.parametrize(
    "type_",
    [
        REQUEST,
        RESPONSE,
        "io.seldon.serving.inference.request",
        "org.kserve.inference.request",
        "io.seldon.serving.feedback",
    ],
)
def test_traffic_is_ignored(type_: str) -> None:
    unit = carried("kserve", {"instances": [[6.8, 2.8]]}, {"type": type_})
    assert unit.ignored is not None
    assert unit.ignored.reason == "inference_traffic"


def test_a_response_is_no_duplicate_of_its_request() -> None:
    same = {"id": "689b15e7"}
    request = carried("kserve", {"instances": []}, {**same, "type": REQUEST})
    response = carried("kserve", {"predictions": []}, {**same, "type": RESPONSE})
    assert request.delivery != response.delivery
    assert request.carrier != response.carrier


@pytest.mark.parametrize("data", [{"instances": []}, b"\x00\xff\xfe tensor", b""])
@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "application/octet-stream"])
def test_a_payload_that_is_no_json_is_traffic_all_the_same(data: object, content_type: str) -> None:
    unit = carried("kserve", data, {"type": REQUEST, "datacontenttype": content_type})
    assert unit.ignored is not None


def test_a_drift_detectors_answer_is_reported_without_what_is_inside() -> None:
    attributes = {"type": "io.seldon.serving.inference.drift", "inferenceservicename": "iris"}
    ((type_, subject, data),) = facts_of(carried("kserve", {"data": {"is_drift": 1}}, attributes))
    assert (type_, subject) == ("platform.reported", "external/kserve/iris")
    assert "payload" not in data


def test_traffic_at_a_webhook_is_known_by_its_headers_whatever_the_body() -> None:
    headers = {"ce-type": REQUEST, "ce-id": "1", "ce-source": "http://localhost:9081/"}
    assert ignored("kserve", b"not json \xc3\xa9", headers=headers) == "inference_traffic"


def test_an_unknown_kind_at_a_webhook_is_reported() -> None:
    headers = {"ce-type": "org.kubeflow.serving.new", "ce-id": "1", "ce-time": "2023-04-05T07:39:53.501752983Z"}
    ((type_, _, data),) = facts("kserve", b"{}", headers=headers)
    assert (type_, data["kind"]) == ("platform.reported", "org.kubeflow.serving.new")


def test_traffic_in_structured_mode_at_a_webhook_is_ignored_too() -> None:
    sent = {"specversion": "1.0", "id": "1", "source": "s", "type": REQUEST, "data": {"instances": ["é"]}}
    assert ignored("kserve", sent) == "inference_traffic"


@pytest.mark.parametrize("sent", [b"", b"tensor \xff", b"{}", {"instances": []}])
def test_what_names_no_type_is_refused(sent: object) -> None:
    assert refusal("kserve", sent) == ("mapping_failed", ["/headers/ce-type"])


def test_a_service_without_a_name_is_no_reason_to_lose_an_answer() -> None:
    headers = {"ce-type": "org.kubeflow.serving.inference.drift", "ce-id": "1", "ce-inferenceservicename": ""}
    ((_, subject, _),) = facts("kserve", b"{}", headers=headers)
    assert subject == "external/kserve/org.kubeflow.serving.inference.drift"
