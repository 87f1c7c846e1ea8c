"""Published contracts: the events that leave a service and the population lines they carry.

Additive within a version. Every type is listed in :data:`renkou_common.contracts.catalogue.EVENT_TYPES`.
"""
