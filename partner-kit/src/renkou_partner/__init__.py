"""A partner district in small: an implementation of the exchange of its own, a simulator, a conformance suite.

Nothing here uses the services of a node. What messages may carry is read from the files in ``published/``.
"""
