"""Registers a webhook at a running MLflow server and then a model with a version; arguments: server, target, secret."""

import sys

from mlflow import MlflowClient

server, target, secret = sys.argv[1:]
client = MlflowClient(tracking_uri=server, registry_uri=server)
events = ["registered_model.created", "model_version.created", "model_version_alias.created"]
client.create_webhook(name="govbus", url=target, events=events, secret=secret)
client.create_registered_model("live-scorer", description="scores, live")
client.create_model_version("live-scorer", source="s3://models/live-scorer/1")
client.set_registered_model_alias("live-scorer", "champion", "1")
