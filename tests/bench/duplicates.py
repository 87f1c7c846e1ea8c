"""How many seeded duplicates the comparison finds, and how many of its candidates are duplicates.

    python -m tests.bench.duplicates --persons 20000 --duplicates 500 --seed 1

Generates people, enters some of them a second time with an error that is typical of typing and asking, lets
the worker's own step compare everybody, and prints recall by kind of error and precision. Every second record
has no number: the same number twice is refused on entry. Beside its error three in ten have no phone, two in
ten another one, and two in ten live and are registered elsewhere in the district by now.
"""

import argparse
import asyncio
import os
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from enum import StrEnum
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from uuid import UUID, uuid4

import asyncpg

from renkou_common.log import configure_logging
from renkou_common.scope import AreaScope
from renkou_local import keys, secret_files
from renkou_local.databases import DatabaseAccess
from renkou_local.field_keys import KEYS, MASTER, keep_field_keys
from renkou_local.postgres import EmbeddedPostgres
from renkou_local.processes import ProcessSpec, run_to_end
from renkou_registry.bootstrap import open_runtime
from renkou_registry.duplicates import jobs, repository
from renkou_registry.duplicates.domain import SHOWN_FROM
from renkou_registry.generator.drawing import Plan, draw
from renkou_registry.persons import entering
from renkou_registry.persons.domain import EntryKind, PersonEntry
from renkou_registry.runtime import Runtime
from renkou_registry.search.sounds import readings_of
from renkou_registry.settings import load_settings

DISTRICT, STOCK_DATE = "340103", date(2025, 12, 31)
type Change = Callable[[PersonEntry], PersonEntry]


class Error(StrEnum):
    """What is wrong with the second record."""

    HOMOPHONE = "another character of the same sound"
    CHARACTER = "one character of the name another"
    SWAPPED = "day and month of birth swapped"
    DIGIT = "one digit of the birth date wrong"
    NO_NUMBER = "no number, nothing else"
    PHONE = "another phone"
    MOVED = "other addresses"


class Errors:
    """Makes second records from a seed. Characters for names are those of the generated people."""

    def __init__(self, random: Random, people: Sequence[PersonEntry]) -> None:
        self._random = random
        self._areas = sorted({each.present_area for each in people})
        self._streets = sorted({each.present_street for each in people if each.present_street})
        self._characters = sorted({one for each in people for one in each.name})
        self._sounding: dict[str, list[str]] = defaultdict(list)
        for one in self._characters:
            self._sounding[_sound(one)].append(one)

    def second(self, first: PersonEntry, error: Error) -> PersonEntry | None:
        """Return another record of the same person, None where this error cannot be made of this one."""
        found = self._changed(first, error)
        if found is None:
            return None
        chance = self._random.random()
        if error is Error.PHONE or chance < 0.2:
            found = replace(found, phone=f"139{self._random.randrange(10**8):08d}")
        elif chance < 0.5:
            found = replace(found, phone=None)
        if error is Error.MOVED or self._random.random() < 0.2:
            area, street = self._random.choice(self._areas), self._random.choice(self._streets)
            found = replace(
                found,
                registered_area=area,
                present_area=area,
                present_street=street,
                registered_street=street,
            )
        return found

    def _changed(self, first: PersonEntry, error: Error) -> PersonEntry | None:
        bare = PersonEntry(
            name=first.name,
            sex=first.sex,
            birth_date=first.birth_date,
            registered_area=first.registered_area,
            present_area=first.present_area,
            kind=EntryKind.OPENING,
            entered_on=STOCK_DATE,
            document_kind="none",
            marital_status=first.marital_status,
            registered_street=first.registered_street,
            present_street=first.present_street,
            phone=first.phone,
        )
        if error in (Error.HOMOPHONE, Error.CHARACTER):
            return self._misspelt(bare, same_sound=error is Error.HOMOPHONE)
        if error in (Error.SWAPPED, Error.DIGIT):
            born = (self._swapped if error is Error.SWAPPED else self._mistyped)(first.birth_date)
            return replace(bare, birth_date=born) if born is not None else None
        return bare

    def _misspelt(self, bare: PersonEntry, *, same_sound: bool) -> PersonEntry | None:
        at = self._random.randrange(1, len(bare.name))
        one = bare.name[at]
        others = [
            each
            for each in (self._sounding[_sound(one)] if same_sound else self._characters)
            if each != one and (_sound(each) == _sound(one)) is same_sound
        ]
        if not others:
            return None
        return replace(bare, name=bare.name[:at] + self._random.choice(others) + bare.name[at + 1 :])

    def _swapped(self, born: date) -> date | None:
        if born.day > 12 or born.day == born.month:
            return None
        return date(born.year, born.day, born.month)

    def _mistyped(self, born: date) -> date | None:
        text = f"{born:%Y%m%d}"
        at = self._random.randrange(2, 8)
        try:
            other = date.fromisoformat(text[:at] + str(self._random.randrange(10)) + text[at + 1 :])
        except ValueError:
            return None
        return other if other != born and other <= STOCK_DATE else None


def _sound(character: str) -> str:
    return " ".join(readings_of(character)[0])


async def _migrated(folder: Path, postgres: EmbeddedPostgres, plan: Plan) -> Mapping[str, str]:
    """Return the environment of a register that was generated by a plan."""
    access = DatabaseAccess(
        name="duplicates",
        address=postgres.address,
        owner_role="duplicates_owner",
        owner_password="owner-of-the-bench",
        app_role="duplicates_app",
        app_password="app-of-the-bench",
    )
    await postgres.create_database(access)
    secrets = folder / "secrets"
    env = {
        "RENKOU_DISTRICT": DISTRICT,
        "RENKOU_DATABASE_URL": access.app_url,
        "RENKOU_MIGRATION_DATABASE_URL": access.owner_url,
        "RENKOU_APP_ROLE": access.app_role,
        "RENKOU_LOG_LEVEL": "WARNING",
    }
    makers = {
        "token_key": keys.token_key,
        "audit_key": keys.audit_key,
        "administrator_secret": secret_files.password,
    }
    for name, make in makers.items():
        secret_files.keep(secrets / name, make)
        env[f"RENKOU_{name.upper()}_FILE"] = str(secrets / name)
    keep_field_keys(secrets)
    env |= {
        "RENKOU_FIELD_KEYS_FILE": str(secrets / KEYS),
        "RENKOU_FIELD_MASTER_KEY_FILE": str(secrets / MASTER),
    }
    generate = ["-m", "renkou_registry.generate", "--persons", str(plan.persons), "--seed", str(plan.seed)]
    for name, argv in (("migrate", ["-m", "renkou_registry.migrate"]), ("generate", generate)):
        await run_to_end(
            ProcessSpec(name, [sys.executable, *argv], folder / f"{name}.log", env=env, cwd=Path.cwd())
        )
    return env


async def seed(
    runtime: Runtime, people: Sequence[PersonEntry], number: int, random: Random
) -> dict[frozenset[UUID], Error]:
    """Enter second records, the kinds of error in turn; returns the pairs."""
    errors = Errors(random, people)
    pairs: dict[frozenset[UUID], Error] = {}
    kinds = list(Error)
    for first in random.sample(people, len(people)):
        if len(pairs) == number:
            break
        error = kinds[len(pairs) % len(kinds)]
        second = errors.second(first, error) if len(first.name) > 1 else None
        if second is None:
            continue
        async with runtime.database.transaction(AreaScope.everything()) as tx:
            scope = AreaScope.everything()
            await entering.register(runtime, tx, scope, second, recorded_by=UUID(int=1))
        pairs[frozenset((first.id, second.id))] = error
    return pairs


async def compare(runtime: Runtime) -> None:
    """Compare everybody in the district by the worker's own step."""
    interval = runtime.district.interval()
    async with runtime.database.transaction(AreaScope.everything()) as tx:
        total = await repository.count_of_area(tx, interval)
        await repository.start_run(tx, uuid4(), interval, total, runtime.clock.now(), UUID(int=1))
    while await jobs.step(runtime):
        pass


async def found_pairs(runtime: Runtime) -> list[asyncpg.Record]:
    """Return every candidate."""
    async with runtime.database.transaction(AreaScope.everything()) as tx:
        return await tx.fetch("SELECT first_id, second_id, probability, traits FROM duplicate_candidate")


def told(pairs: Mapping[frozenset[UUID], Error], rows: Sequence[asyncpg.Record]) -> list[str]:
    """Return the lines of the report."""
    found = {frozenset((row["first_id"], row["second_id"])) for row in rows}
    seeded, met = Counter(pairs.values()), Counter(pairs[pair] for pair in found & pairs.keys())
    lines = [f"{'error':<40} seeded  found  recall"]
    lines += [
        f"{error:<40} {seeded[error]:6}  {met[error]:5}  {met[error] / seeded[error]:6.1%}"
        for error in Error
        if seeded[error]
    ]
    hits = sum(met.values())
    lines.append(f"{'all':<40} {len(pairs):6}  {hits:5}  {hits / len(pairs):6.1%}")
    wrong = [row for row in rows if frozenset((row["first_id"], row["second_id"])) not in pairs]
    lines.append(f"precision at {SHOWN_FROM}: {hits / max(len(found), 1):.1%} ({len(wrong)} others shown)")
    kinds = Counter(" ".join(row["traits"]) for row in wrong)
    lines += [f"  {number:4} x {traits}" for traits, number in kinds.most_common(5)]
    return lines


async def run(count: int, duplicates: int, number: int, folder: Path) -> list[str]:
    """Generate, seed, compare; returns the report."""
    plan = Plan(count, round(count * 0.35), number, DISTRICT, STOCK_DATE)
    postgres = EmbeddedPostgres(folder / "postgres")
    await postgres.start()
    try:
        env = await _migrated(folder, postgres, plan)
        os.environ.update(env)
        people = [one for chunk in range(plan.chunks) for one in draw(plan, chunk).persons]
        async with open_runtime(load_settings()) as runtime:
            pairs = await seed(runtime, people, duplicates, Random(f"duplicates {number}"))
            started = time.monotonic()
            await compare(runtime)
            spent = time.monotonic() - started
            rows = await found_pairs(runtime)
        return [*told(pairs, rows), f"{count:,} people compared in {spent:.0f} s"]
    finally:
        await postgres.stop()


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--persons", type=int, default=20_000)
    parser.add_argument("--duplicates", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    configure_logging("duplicates", "ERROR")
    with TemporaryDirectory(prefix="renkou-duplicates-") as folder:
        lines = asyncio.run(run(given.persons, given.duplicates, given.seed, Path(folder)))
    print(f"{given.persons:,} people, {given.duplicates} duplicates, seed {given.seed}")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
