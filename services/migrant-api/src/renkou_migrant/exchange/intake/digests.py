"""Digests of partners: comparing, mending, passing over what will not come; see :mod:`..comparison`."""

from pydantic import ValidationError

from renkou_common.database import Transaction
from renkou_migrant.credentials.trust import TrustList
from renkou_migrant.exchange import comparison
from renkou_migrant.exchange import incoming_repository as incoming
from renkou_migrant.exchange import pair_repository as pairs
from renkou_migrant.exchange.carried import PairDigest
from renkou_migrant.exchange.codes import Unreadable
from renkou_migrant.exchange.intake.batch import Arrival, Batch, entry_of, letter_of
from renkou_migrant.exchange.intake.messages import apply_turn
from renkou_migrant.exchange.protocol import reception
from renkou_migrant.message_log import service as message_log
from renkou_migrant.runtime import Runtime


async def take_digest(
    tx: Transaction, runtime: Runtime, trust: TrustList, partner: str, one: Arrival, batch: Batch
) -> None:
    """Compare, mend, and answer where that helps the partner; see :mod:`.comparison`."""
    envelope = one.opened.envelope
    try:
        said = PairDigest.model_validate(envelope.payload)
    except ValidationError:
        batch.letters.append(letter_of(one, Unreadable.BAD_DIGEST, "not the members of a digest"))
        return
    theirs = comparison.to_digest(said)
    batch.entries.append(entry_of(one.opened, "received", batch.now))
    if said.head is not None:
        last = bytes.fromhex(said.head.hash)
        await message_log.take_statement(tx, partner, said.head.position, last, batch.now)
    healing = await comparison.read(tx, partner, theirs, envelope.created_at, batch.now)
    if healing is None:
        return
    if healing.pass_to is not None:
        await _pass_over(tx, runtime, partner, healing.pass_to, batch)
    if healing.answer or healing.tell or healing.ask:
        batch.entries += await comparison.write(
            tx,
            runtime,
            trust,
            partner,
            batch.now,
            to=theirs if healing.answer else None,
            asks=comparison.new_token() if healing.ask else None,
        )
        batch.answered = True


async def _pass_over(tx: Transaction, runtime: Runtime, partner: str, first: int, batch: Batch) -> None:
    """Go on at ``first``: the partner has signed that nothing below it will come any more."""
    pair = (await pairs.lock(tx, [partner]))[partner]
    held = await incoming.held(tx, partner, pair.next_in)
    passing = reception.pass_over(pair.next_in, held, first)
    await comparison.note_gone(tx, partner, passing.gone, batch.now)
    await apply_turn(tx, runtime, partner, passing.turn, batch)
    await pairs.set_taken(tx, partner, passing.next_in, max(pair.highest_in, passing.next_in - 1))
