"""The service's events over HTTP, for replay."""
