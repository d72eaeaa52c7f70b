"""Sends a run with inputs and outputs by OpenLineage's own client, which reads OPENLINEAGE_URL and _API_KEY."""

from datetime import UTC, datetime
from uuid import uuid4

from openlineage.client import OpenLineageClient
from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState

client = OpenLineageClient()
run, job = Run(runId=str(uuid4())), Job(namespace="airflow", name="prepare-loans")
for state in (RunState.START, RunState.COMPLETE):
    client.emit(
        RunEvent(
            eventType=state,
            eventTime=datetime.now(UTC).isoformat(),
            run=run,
            job=job,
            producer="https://example.com/live",
            inputs=[InputDataset(namespace="warehouse", name="raw.loans")],
            outputs=[OutputDataset(namespace="warehouse", name="curated.loans")],
        )
    )
