"""Events between the services of a node: outbox, relay, feed and consumer.

PostgreSQL is the record, NATS is transport. A service appends events with :class:`~.outbox.Outbox` in the
transaction of its state; :class:`~.relay.Relay` numbers them without gaps and publishes them;
:class:`~.consumer.FeedConsumer` of another service applies each number exactly once and fetches over HTTP
(:mod:`.feed`) whatever the broker lost. Only :mod:`.nats_client` imports the NATS library.
"""
