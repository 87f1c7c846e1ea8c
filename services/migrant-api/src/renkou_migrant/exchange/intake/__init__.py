"""Taking in what the hub delivered (收件).

batch      what came, and what becomes of it
taking     the whole: open, sort, take in, write the signed receipts
receipts   receipts of partners, for what was sent from here
messages   messages in their order: known, held, applied, refused
checks     whether a genuine message may be taken
digests    digests: comparing, mending, passing over what will not come
"""
