"""MQTT: topics, payloads, durable outbox, Home Assistant discovery, embedded broker.

Import from the modules, so that nothing heavy is loaded before it is needed: `client` (`MessageClient`),
`embedded_broker` (`EmbeddedBroker`), `mosquitto` (configuration and access rights), `schema_files` (the shipped JSON
Schemas), `topics`, `payloads`, `outbox`, `home_assistant`.
"""
