"""The rules by which two nodes lose nothing and double nothing (收发协议). No I/O: the node hands in what it
stored and writes what is decided; a simulation does the same with a network and disks that fail.

    reception   a batch of a partner's messages: what is new, what comes again, whose turn it is
    sending     when to send again, how far ahead, what a receipt means
    digests     comparing both ends, and healing what one of them has lost
    fairness    how much of one partner is taken in before it is the others' turn
"""
