// Carries the bytes: publishes what is due, pulls what the hub has for us, acknowledges what was kept (SPEC.md, 2).
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { jetstream } from "@nats-io/jetstream";
import { connect, nkeyAuthenticator } from "@nats-io/transport-node";

export class Exchange {
  #stopped = false;

  constructor(partner, hub) {
    this.partner = partner;
    this.hub = hub;
  }

  async start() {
    this.connection = await connect({
      servers: this.hub.url,
      authenticator: nkeyAuthenticator(readFileSync(this.hub.seed_file).subarray(0, 58)),
      inboxPrefix: this.hub.inbox_prefix,
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
    for (const { partner, sealed, id, done } of this.partner.due()) {
      const options = { msgID: id, expect: { streamName: this.hub.stream }, timeout: 3000 };
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
