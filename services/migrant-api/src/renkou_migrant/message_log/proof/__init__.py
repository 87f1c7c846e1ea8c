"""Proving from the message log, without the node (消息日志的离线证明).

Nothing in this package reads a database, a clock or a network, and nothing but the standard library, orjson
and cryptography is needed: a court, an auditor or the other district runs it on files.
The hash over many entries and the path from one to it: :mod:`renkou_common.audit.merkle`.

    checkpoint   the signed statement how long the log is and what it says
    signed       a signed message or receipt, read and verified against the keys that were trusted then
    flaws        what can be wrong, in Chinese and English
    log          a whole exported log: nothing altered, removed, inserted, reordered or cut off
    bundle       the evidence about one message: what, by whom, when, received when
    text         both results in words
"""
