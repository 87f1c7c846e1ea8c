// The test vectors, opened by the example: node --test partner-kit/example-node/vectors.test.mjs
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mock, test } from "node:test";
import { verifyList } from "./trust.mjs";
import { open } from "./wire.mjs";

const given = JSON.parse(readFileSync(new URL("../vectors.json", import.meta.url), "utf8"));
const trust = await verifyList(given.trust_list, given.anchor);
mock.timers.enable({ apis: ["Date"], now: Date.parse(given.now) });

for (const { name, sealed, outcome, digest, envelope } of given.vectors) {
  test(`${name} is ${outcome}`, async () => {
    const receiver = { keys: given.keys.keys, trust, own: given.district, sender: given.sender };
    const opening = open(Buffer.from(sealed, "latin1"), receiver);
    if (outcome !== "genuine") return assert.rejects(opening);
    assert.deepEqual(await opening, { envelope, digest });
  });
}
