"""What the simulator can be told to do wrong: to see that an implementation stands it, and that the suite sees it."""

from enum import StrEnum


class Fault(StrEnum):
    """A fault of the simulator; the first group breaks the specification, the second one may happen to anybody."""

    NO_RECEIPTS = "no-receipts"  # takes everything in and answers nothing
    WRONG_DIGEST = "wrong-digest"  # receipts with the digest of something else
    RECEIPTS_RECEIPTS = "receipts-receipts"  # acknowledges receipts
    SILENT_REFUSALS = "silent-refusals"  # refuses without a receipt
    NO_HOLDING = "no-holding"  # applies what comes early at once
    FORGETS_HELD = "forgets-held"  # drops what comes early after its receipt
    TWICE = "twice"  # applies what comes again
    NO_CONFLICTS = "no-conflicts"  # takes another content under a known number or id
    NO_WINDOW = "no-window"  # holds numbers however far ahead
    BELIEVES_ANYBODY = "believes-anybody"  # verifies no signature
    BELIEVES_THE_SUBJECT = "believes-the-subject"  # looks at neither sender, receiver nor future
    IGNORES_EXPIRY = "ignores-expiry"  # takes what has expired
    IGNORES_AGREEMENTS = "ignores-agreements"  # needs no agreement
    IGNORES_CONTRACTS = "ignores-contracts"  # any kind, version and content
    IGNORES_KEY_WINDOWS = "ignores-key-windows"  # takes keys whose time is over
    INFLATES = "inflates"  # takes compressed messages
    STOPS_AT_GARBAGE = "stops-at-garbage"  # takes nothing in after what cannot be opened
    ACCEPTS_ANY_REPLY = "accepts-any-reply"  # takes replies to what was never sent

    NO_RESENDING = "no-resending"  # publishes once
    RESEALS = "reseals"  # seals again for each sending
    SAME_MESSAGE_ID = "same-message-id"  # one id at the hub for all sendings
    NEVER_SILENT = "never-silent"  # sends on after receipts
    ANY_RECEIPT = "any-receipt"  # lets a receipt of anybody and for anything count
    SKIPS_NUMBERS = "skips-numbers"  # leaves every other number out
    STARTS_AT_ZERO = "starts-at-zero"  # numbers from 0
    NO_THREADS = "no-threads"  # replies outside the thread, naming nothing
    NO_DIGESTS = "no-digests"  # neither answers digests nor sends again what one shows to be lacking
    EXTRA_MEMBERS = "extra-members"  # one member more than the contract has
    FORGETS = "forgets"  # keeps nothing over a restart

    SENDS_TWICE = "sends-twice"  # publishes everything twice
    SENDS_BACKWARDS = "sends-backwards"  # publishes what waits in reverse order
    LOSES_FIRST = "loses-first"  # does not publish at the first attempt
    TRUNCATES_FIRST = "truncates-first"  # publishes half of it at the first attempt


HARMLESS = frozenset({Fault.SENDS_TWICE, Fault.SENDS_BACKWARDS, Fault.LOSES_FIRST})
"""What the specification allows: a network does it too. The suite finds nothing wrong with it."""
