// What a partner keeps, in SQLite: numbers, sealed bytes, what came, receipts that wait.
import { DatabaseSync } from "node:sqlite";

const SCHEMA = `
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS pair (partner TEXT PRIMARY KEY, last_out INTEGER DEFAULT 0, next_in INTEGER DEFAULT 1);
CREATE TABLE IF NOT EXISTS sent (id TEXT PRIMARY KEY, partner TEXT, pair_seq INTEGER, kind TEXT, sealed BLOB,
  digest TEXT, state TEXT DEFAULT 'sent', code TEXT, attempts INTEGER DEFAULT 0, next_at REAL DEFAULT 0);
CREATE TABLE IF NOT EXISTS received (position INTEGER PRIMARY KEY, id TEXT, partner TEXT, pair_seq INTEGER,
  kind TEXT, envelope TEXT, digest TEXT, state TEXT, code TEXT, applied INTEGER);
CREATE UNIQUE INDEX IF NOT EXISTS received_number ON received (partner, pair_seq);
CREATE INDEX IF NOT EXISTS received_id ON received (id);
CREATE TABLE IF NOT EXISTS receipt (position INTEGER PRIMARY KEY, id TEXT, partner TEXT, sealed BLOB);`;

export class Store {
  #db;
  #prepared = new Map();

  constructor(file) {
    this.#db = new DatabaseSync(file);
    this.#db.exec(SCHEMA);
  }

  #statement(sql) {
    if (!this.#prepared.has(sql)) this.#prepared.set(sql, this.#db.prepare(sql));
    return this.#prepared.get(sql);
  }

  all = (sql, ...values) => this.#statement(sql).all(...values);
  one = (sql, ...values) => this.#statement(sql).get(...values);
  run = (sql, ...values) => this.#statement(sql).run(...values);

  /** Everything that `work` does, or nothing; nothing else runs meanwhile. */
  transaction(work) {
    this.#db.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.#db.exec("COMMIT");
      return result;
    } catch (error) {
      this.#db.exec("ROLLBACK");
      throw error;
    }
  }

  pair(partner) {
    this.run("INSERT INTO pair (partner) VALUES (?) ON CONFLICT DO NOTHING", partner);
    return this.one("SELECT * FROM pair WHERE partner = ?", partner);
  }
}
