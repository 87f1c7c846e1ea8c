// Carries the bytes: publishes what is due, pulls what the hub has for us, acknowledges what was kept (SPEC.md, 2).
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { crc32 } from "node:zlib";
import { jetstream } from "@nats-io/jetstream";
import { connect, jwtAuthenticator } from "@nats-io/transport-node";

const text = (file) => readFileSync(file, "utf8").trim();

export class Exchange {
  #stopped = false;

  constructor(partner, hub) {
    this.partner = partner;
    this.hub = hub;
  }

  async start() {
    this.connection = await connect({
      servers: this.hub.url,
      authenticator: jwtAuthenticator(text(this.hub.token_file), () => new TextEncoder().encode(text(this.hub.seed_file))),
      inboxPrefix: this.hub.inbox_prefix,
      ...(this.hub.ca_file && { tls: { ca: readFileSync(this.hub.ca_file), minVersion: "TLSv1.2", handshakeFirst: true } }),
      maxReconnectAttempts: -1,
      reconnectTimeWait: 300,
    });
    this.client = jetstream(this.connection);
    this.loops = [this.#again(() => this.#send()), this.#again(() => this.#receive())];
  }

  async stop() {
    this.#stopped = true;
    await this.connection.close();
    await Promise.all(this.loops);
  }

  /** Run a step again and again, whatever happens to the hub. */
  async #again(step) {
    while (!this.#stopped) {
      try {
        await step();
      } catch (error) {
        if (!this.#stopped) console.error(`the hub cannot be used: ${error.message}`);
        await sleep(300);
      }
    }
  }

  async #send() {
    const subject = (partner) => `in.${partner}.${this.partner.settings.district}`;
    const stream = (partner) => `EXCHANGE_${String(crc32(partner) % 16).padStart(2, "0")}`;
    for (const { partner, sealed, id, done } of this.partner.due()) {
      const options = { msgID: id, expect: { streamName: stream(partner) }, timeout: 3000 };
      await this.client.publish(subject(partner), sealed, options);
      done();
    }
    await sleep(50);
  }

  async #receive() {
    const durable = await this.client.consumers.get(this.hub.stream, this.hub.durable);
    while (!this.#stopped) {
      for await (const message of await durable.fetch({ max_messages: 100, expires: 1000 })) {
        await this.partner.take(message.subject.split(".").at(-1), message.data);
        message.ack();
      }
    }
  }
}
