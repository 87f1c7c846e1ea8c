"""The exchange with partner districts (跨区信息交流): notices, answers, confirmations, receipts.

contracts   kinds of message and what each may carry, for which purpose, on which legal basis
domain      states, clocks, the order of reception, what figures count; no I/O
wire        signing, sealing, opening and checking of messages; no I/O
service     what the rest of the node does with messages: draft, confirm, answer, dispute
sender      numbers, seals, publishes and resends what was drafted
receiver    takes messages from the hub, checks, orders and applies them, sends signed receipts
completion  fetches what an automatic notice has to say from the register
"""
