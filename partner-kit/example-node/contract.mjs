// What the exchange knows: kinds, versions, limits and schemas, out of the published files.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import Ajv from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

const PUBLISHED = new URL("../src/renkou_partner/published/", import.meta.url);
const read = (name) => JSON.parse(readFileSync(new URL(name, PUBLISHED), "utf8"));

const ajv = new Ajv.default({ strict: false });
addFormats.default(ajv);

const exchange = read("exchange.json");
export const KINDS = exchange.kinds;
export const LIMITS = exchange.limits;
export const MESSAGE_TYPE = exchange.message_type;
export const isEnvelope = ajv.compile(read("schemas/envelope.json"));

const contents = new Map();
for (const [kind, { versions }] of Object.entries(KINDS)) {
  for (const version of versions) {
    contents.set(`${kind}.v${version}`, ajv.compile(read(`schemas/${kind}.v${version}.json`)));
  }
}

export const isNumbered = (kind) => KINDS[kind]?.numbered ?? true;
export const newest = (kind) => Math.max(...KINDS[kind].versions);

/** Whether a content is what its kind and version may carry (SPEC.md, 5). */
export function isContent(kind, version, content) {
  if (!contents.get(`${kind}.v${version}`)(content)) return false;
  if (content.urgent && String(content.questions) !== "registration") return false;
  return areAttachments(content.attachments ?? []);
}

const BEGINNINGS = { "application/pdf": "255044462d", "image/jpeg": "ffd8ff", "image/png": "89504e470d0a1a0a" };

function areAttachments(attachments) {
  const files = attachments.map((one) => Buffer.from(one.data, "base64url"));
  if (files.reduce((sum, file) => sum + file.length, 0) > 300_000) return false;
  return attachments.every(
    (one, place) =>
      files[place].toString("base64url") === one.data &&
      createHash("sha256").update(files[place]).digest("hex") === one.sha256 &&
      files[place].toString("hex").startsWith(BEGINNINGS[one.media_type]),
  );
}
