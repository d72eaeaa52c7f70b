"""Intake decides who said it, whether it is valid, whether we had it before, and which canonical fact it is.

In: HTTP (`POST /v1/events`, `POST /v1/webhooks/{source}`) and Kafka `govbus.intake.<source>`, emptied behind it.
Out: `govbus.facts`, `govbus.rejected`.
Owns: registered sources and their credentials, the register of accepted identities, refused input (sealed, 30 days),
the keys of persons whose words are sealed in facts.
"""
