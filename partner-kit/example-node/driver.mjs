// The driver protocol of the conformance suite (SPEC.md, 16): one JSON object a line, one answer a line, in order.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { KINDS } from "./contract.mjs";
import { Exchange } from "./exchange.mjs";
import { Partner } from "./partner.mjs";
import { Store } from "./store.mjs";
import { verifyList } from "./trust.mjs";

const SHOWN = "id, kind, pair_seq, state, code";
let exchange;

const commands = {
  async configure({ district, folder, hub, keys, anchor, trust_list, agreements, resend }) {
    mkdirSync(folder, { recursive: true });
    const trust = await verifyList(trust_list, anchor);
    const settings = { district, keys: keys.keys, trust, agreements, resend };
    exchange = new Exchange(new Partner(settings, new Store(join(folder, "partner.sqlite"))), hub);
    await exchange.start();
    const named = (member) => Object.keys(KINDS).filter((kind) => KINDS[kind][member]);
    return { name: "example in Node", sends: named("agreed"), replies: named("reply"), restarts: true };
  },
  send: async ({ to, kind }) => ({ id: await exchange.partner.send(to, kind) }),
  reply: async ({ id, kind }) => ({ id: await exchange.partner.reply(id, kind) }),
  async received({ from }) {
    const order = "ORDER BY applied IS NULL, applied, pair_seq";
    return { messages: exchange.partner.store.all(`SELECT ${SHOWN} FROM received WHERE partner = ? ${order}`, from) };
  },
  async sent({ to }) {
    return { messages: exchange.partner.store.all(`SELECT ${SHOWN} FROM sent WHERE partner = ? ORDER BY pair_seq`, to) };
  },
  async stop() {
    await exchange?.stop();
    return {};
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { n, do: name, ...members } = JSON.parse(line);
  let answer;
  try {
    answer = { n, ok: true, ...(await commands[name](members)) };
  } catch (error) {
    answer = { n, ok: false, error: String(error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
  if (name === "stop") break;
}
process.exit(0);
