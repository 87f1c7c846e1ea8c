"""Outbox, relay and consumer under schedules of faults: the product's code on a clock, disk and network in memory."""
