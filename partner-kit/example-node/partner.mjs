// A partner district in small (SPEC.md, 6 to 10 and 14): numbers, keeps, resends; takes in, orders, receipts.
import { createHash, randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { carried, covers, grantOf, isBetween } from "./agreement.mjs";
import { KINDS, LIMITS, isContent, isNumbered, newest } from "./contract.mjs";
import { open, seal } from "./wire.mjs";

const CLOSES = { answer: "answered", confirmation: "confirmed", dispute: "disputed" };
const CLOSED = Object.values(CLOSES);
const REPEATED = "repeated"; // the same message under another number: read, without effect
const RANK = { sent: 0, delivered: 1, read: 2 };

export class Partner {
  constructor(settings, store) {
    this.settings = settings;
    this.store = store;
  }

  #last = Promise.resolve();

  /** Number, seal and keep a message; returns its id. One after the other: sealing waits, numbers have no gaps. */
  send(...message) {
    const sent = this.#last.then(() => this.#send(...message));
    this.#last = sent.catch(() => {});
    return sent;
  }

  async #send(to, kind, content = KINDS[kind].samples[newest(kind)].least, members = {}) {
    const pair_seq = this.store.pair(to).last_out + 1;
    const agreement = this.#agreementFor(to, kind);
    const envelope = { ...this.#envelope(to, kind, pair_seq, content), agreement, ...members };
    const { data, digest } = await seal(envelope, this.settings.keys, this.settings.trust);
    this.store.transaction(() => {
      this.store.run("UPDATE pair SET last_out = ? WHERE partner = ?", pair_seq, to);
      this.store.run(
        "INSERT INTO sent (id, partner, pair_seq, kind, sealed, digest) VALUES (?, ?, ?, ?, ?, ?)",
        ...[envelope.id, to, pair_seq, kind, data, digest],
      );
    });
    return envelope.id;
  }

  /** Reply to a message that was read; throws where that may not be. */
  async reply(id, kind) {
    const target = this.store.one("SELECT * FROM received WHERE id = ?", id);
    if (target?.state !== "read" || !KINDS[target.kind].replied_by.includes(kind)) {
      throw new Error(`no ${kind} can be sent to ${id}`);
    }
    const { thread, agreement } = JSON.parse(target.envelope);
    const members = { thread, agreement, in_reply_to: id };
    const replyId = await this.send(target.partner, kind, undefined, members);
    this.store.run("UPDATE received SET state = ? WHERE position = ?", CLOSES[kind], target.position);
    return replyId;
  }

  /** Take in what the hub delivered. What nobody can be answered for is dropped. */
  async take(sender, data) {
    const { keys, trust, district } = this.settings;
    let opened;
    try {
      opened = await open(data, { keys, trust, own: district, sender });
    } catch (error) {
      console.error(`dropped something of ${sender}: ${error.message}`);
      return;
    }
    if (!isNumbered(opened.envelope.kind)) {
      const { kind, version, payload } = opened.envelope;
      if (!KINDS[kind].versions.includes(version) || !isContent(kind, version, payload)) return;
      if (kind === "receipt") this.store.transaction(() => this.#takeReceipt(opened));
      if (kind === "digest") await this.#takeDigest(opened.envelope);
      return;
    }
    // A crash before the receipt is kept costs nothing: the sender sends again and gets it then.
    const { items, pings } = this.store.transaction(() => this.#takeMessage(opened));
    if (items.length) await this.#receipt(sender, items);
    for (const ping of pings) await this.#pong(ping);
  }

  /** Everything that is due, receipts first. */
  due() {
    const receipts = this.store.all("SELECT position, id, partner, sealed FROM receipt ORDER BY position");
    const now = Date.now();
    return [
      ...receipts.map((row) => ({
        ...row,
        done: () => this.store.run("DELETE FROM receipt WHERE position = ?", row.position),
      })),
      ...this.store.all("SELECT * FROM sent WHERE next_at <= ? ORDER BY partner, pair_seq", now).map((row) => ({
        ...row,
        id: `${row.id}.${row.attempts + 1}`,
        done: () => this.#notePublished(row),
      })),
    ];
  }

  #notePublished({ id, attempts }) {
    const { first_seconds, longest_seconds } = this.settings.resend;
    const wait = Math.min(first_seconds * 2 ** Math.min(attempts, 30), longest_seconds) * 1000;
    this.store.run(
      "UPDATE sent SET attempts = attempts + 1, next_at = iif(next_at IS NULL, NULL, ?) WHERE id = ?",
      ...[Date.now() + wait, id],
    );
  }

  #envelope(to, kind, pair_seq, payload) {
    const now = Date.now();
    const id = randomUUID();
    return {
      id,
      kind,
      version: newest(kind),
      from: this.settings.district,
      to,
      pair_seq,
      thread: id,
      in_reply_to: null,
      created_at: new Date(now).toISOString(),
      expires_at: new Date(now + LIMITS.lifetime_days * 86_400_000).toISOString(),
      agreement: null,
      payload,
    };
  }

  #takeMessage({ envelope, digest }) {
    const { id, from, pair_seq } = envelope;
    const nextIn = this.store.pair(from).next_in;
    const known = this.store.one("SELECT * FROM received WHERE partner = ? AND pair_seq = ?", from, pair_seq);
    const only = (...items) => ({ items, pings: [] });
    if (known) {
      if (known.digest !== digest) return only(item(id, digest, "refused", "sequence_conflict"));
      const state = ["delivered", "refused"].includes(known.state) ? known.state : "read";
      return only(item(id, digest, state, known.code));
    }
    if (pair_seq < nextIn) return only(item(id, digest, "refused", "sequence_conflict"));
    if (pair_seq - nextIn > LIMITS.window) return only();
    const code = this.#repeats(envelope) ?? this.#refusal(envelope);
    this.store.run(
      "INSERT INTO received (id, partner, pair_seq, kind, envelope, digest, state, code) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      ...[id, from, pair_seq, envelope.kind, JSON.stringify(envelope), digest, "delivered", code],
    );
    return pair_seq === nextIn ? this.#applyFrom(from, nextIn) : only(item(id, digest, "delivered", code));
  }

  #applyFrom(partner, number) {
    const items = [];
    const pings = [];
    for (; ; number += 1) {
      const row = this.store.one("SELECT * FROM received WHERE partner = ? AND pair_seq = ?", partner, number);
      if (row?.state !== "delivered") break;
      const code = row.code ?? this.#applyReply(row) ?? this.#applyAmendment(row);
      const state = code === REPEATED ? REPEATED : code ? "refused" : "read";
      this.store.run(
        "UPDATE received SET state = ?, code = ?, applied = (SELECT coalesce(max(applied), 0) + 1 FROM received) WHERE position = ?",
        ...[state, code, row.position],
      );
      items.push(item(row.id, row.digest, state, code));
      if (row.kind === "ping" && !code) pings.push(JSON.parse(row.envelope));
    }
    this.store.run("UPDATE pair SET next_in = ? WHERE partner = ?", number, partner);
    return { items, pings };
  }

  /** What an id that came before under another number means: the same message again, or a conflict. */
  #repeats({ id, payload }) {
    const before = this.store.one("SELECT envelope FROM received WHERE id = ? ORDER BY position", id);
    if (!before) return null;
    return isDeepStrictEqual(JSON.parse(before.envelope).payload, payload) ? REPEATED : "id_conflict";
  }

  /** Answer a test message; what is understood is part of the answer. */
  #pong({ id, from, thread, payload }) {
    const kinds = Object.fromEntries(Object.entries(KINDS).map(([kind, { versions }]) => [kind, versions]));
    return this.send(from, "pong", { ...payload, kinds }, { thread, in_reply_to: id, agreement: null });
  }

  #applyReply({ kind, partner, envelope }) {
    if (!KINDS[kind].reply) return null;
    const target = this.store.one("SELECT * FROM sent WHERE id = ?", JSON.parse(envelope).in_reply_to);
    const fits = target?.partner === partner && KINDS[target.kind].replied_by.includes(kind);
    if (!fits || CLOSED.includes(target.state)) return "reply_not_expected";
    this.store.run("UPDATE sent SET state = ?, next_at = NULL WHERE id = ?", CLOSES[kind], target.id);
    return null;
  }

  #applyAmendment({ partner, envelope }) {
    const { in_reply_to, payload } = JSON.parse(envelope);
    if (!("of" in payload)) return null;
    const target = this.store.one("SELECT * FROM received WHERE id = ? ORDER BY position", payload.of);
    const fits = target?.partner === partner && target.state !== "refused" && in_reply_to === payload.of;
    return fits ? null : "amendment_not_expected";
  }

  /** Why a genuine message may not be taken, or null (SPEC.md, 9). */
  #refusal(envelope) {
    const { kind, version, expires_at, in_reply_to, payload } = envelope;
    const about = KINDS[kind];
    if (!about) return "unknown_kind";
    if (!about.versions.includes(version)) return "unsupported_version";
    if (Date.parse(expires_at) <= Date.now()) return "expired";
    const agreed = about.test ? null : this.#notAgreed(envelope);
    if (agreed && !agreed.startsWith("field_not_agreed")) return agreed;
    if ((about.reply || "of" in payload) && in_reply_to === null) return "bad_content";
    return isContent(kind, version, payload) ? agreed : "bad_content";
  }

  /** Why the agreement does not let a message arrive, or null (SPEC.md, 10). */
  #notAgreed({ kind, from, agreement, created_at, in_reply_to, payload }) {
    const { agreements, district } = this.settings;
    const found = agreements.find((one) => one.id === agreement && isBetween(one, from, district));
    if (!found) return "no_agreement";
    const spokenOf = { answer: "sent", correction: "received" }[kind];
    const asked = spokenOf && this.store.one(`SELECT kind FROM ${spokenOf} WHERE id = ?`, in_reply_to)?.kind;
    if (!KINDS[kind].agreed && !asked) return null;
    if (!covers(found, Date.parse(created_at))) return "agreement_not_in_force";
    if (kind === "correction" && !KINDS[asked].agreed) return null;
    const [told, sender, content, fields] = {
      answer: [asked, district, payload, "answer_fields"],
      correction: [asked, from, payload.content, "fields"],
    }[kind] ?? [kind, from, payload, "fields"];
    const allowed = grantOf(found, told, sender)?.[fields] ?? [];
    if (!allowed.length) return "not_agreed";
    const beyond = [...carried(content)].find((path) => !allowed.includes(path));
    return beyond ? `field_not_agreed:${beyond}` : null;
  }

  #agreementFor(to, kind) {
    const { agreements, district } = this.settings;
    const fits = (one) => isBetween(one, to, district) && covers(one, Date.now()) && grantOf(one, kind, district);
    return agreements.find(fits)?.id ?? null;
  }

  #receipt = (partner, items) => this.#tell(partner, "receipt", { items });

  /** Send again what the partner lacks, and tell what is held here where that is asked (SPEC.md, 13). */
  async #takeDigest({ from, payload: { taken, asks } }) {
    const due = "UPDATE sent SET next_at = 0 WHERE partner = ? AND pair_seq > ? AND next_at IS NULL";
    this.store.run(due, from, taken.upto);
    if (asks === null || asks === undefined) return;
    const sent = this.store.all("SELECT digest FROM sent WHERE partner = ? ORDER BY pair_seq", from);
    const inTurn = "SELECT digest FROM received WHERE partner = ? AND applied IS NOT NULL ORDER BY pair_seq";
    const read = this.store.all(inTurn, from);
    await this.#tell(from, "digest", {
      sent: { upto: sent.length, hash: chain(sent), first: 1 },
      taken: { upto: read.length, hash: chain(read), highest: read.length, gone: 0 },
      asks: null,
      answers: asks,
      seen: taken.upto,
    });
  }

  /** Keep something unnumbered until the hub has it. */
  async #tell(partner, kind, payload) {
    const envelope = this.#envelope(partner, kind, 0, payload);
    const { data } = await seal(envelope, this.settings.keys, this.settings.trust);
    this.store.run("INSERT INTO receipt (id, partner, sealed) VALUES (?, ?, ?)", envelope.id, partner, data);
  }

  #takeReceipt({ envelope }) {
    const { from, payload } = envelope;
    for (const { id, digest, state, code } of payload.items) {
      const ours = this.store.one("SELECT * FROM sent WHERE id = ?", id);
      if (ours?.partner !== from || ours.digest !== digest) continue;
      const later = !CLOSED.includes(ours.state) && (RANK[state] ?? 3) > (RANK[ours.state] ?? 2);
      const shown = later ? (code === "expired" ? "expired" : state) : ours.state;
      this.store.run("UPDATE sent SET state = ?, code = ? WHERE id = ?", shown, later ? (code ?? null) : ours.code, id);
      if (state !== "delivered") this.store.run("UPDATE sent SET next_at = NULL WHERE id = ?", id);
    }
  }
}

const chain = (rows) =>
  rows
    .reduce(
      (value, { digest }) => createHash("sha256").update(value).update(Buffer.from(digest, "hex")).digest(),
      Buffer.alloc(32),
    )
    .toString("hex");

function item(id, digest, state, code) {
  if (code === REPEATED) return { id, digest, state: state === "delivered" ? state : "read", code: null };
  return { id, digest, state: code ? "refused" : state, code: code ?? null };
}
