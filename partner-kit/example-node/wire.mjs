// Sealing and opening (SPEC.md, 3 and 4).
import { createHash } from "node:crypto";
import { CompactEncrypt, CompactSign, compactDecrypt, compactVerify, decodeProtectedHeader, importJWK } from "jose";
import { LIMITS, MESSAGE_TYPE, isEnvelope } from "./contract.mjs";
import { encryptionKey, signingKey } from "./trust.mjs";

const imported = new Map();

function imports(jwk, alg) {
  const name = `${alg} ${jwk.x} ${"d" in jwk}`;
  if (!imported.has(name)) imported.set(name, importJWK(jwk, alg));
  return imported.get(name);
}

/** SHA-256 of the compact JWS, hexadecimal: how receipts name a message. */
export const digestOf = (signed) => createHash("sha256").update(signed, "ascii").digest("hex");

/** Sign and encrypt; returns the bytes and the digest. */
export async function seal(envelope, keys, trust) {
  const own = keys.find((one) => one.use === "sig");
  const text = new TextEncoder().encode(JSON.stringify(envelope));
  const signed = await new CompactSign(text)
    .setProtectedHeader({ alg: "EdDSA", kid: own.kid, typ: MESSAGE_TYPE })
    .sign(await imports(own, "EdDSA"));
  const theirs = encryptionKey(trust, envelope.to);
  const sealed = await new CompactEncrypt(new TextEncoder().encode(signed))
    .setProtectedHeader({ alg: "ECDH-ES", enc: "A256GCM", kid: theirs.kid, cty: MESSAGE_TYPE })
    .encrypt(await imports(theirs, "ECDH-ES"));
  return { data: Buffer.from(sealed, "ascii"), digest: digestOf(signed) };
}

/** Decrypt, verify and check that `sender` sent it to us; throws for what is not to be answered. */
export async function open(data, { keys, trust, own, sender }) {
  if (data.length > LIMITS.sealed_bytes) throw new Error("too_large");
  const text = Buffer.from(data).toString("latin1");
  const outer = decodeProtectedHeader(text);
  if (outer.zip !== undefined) throw new Error("undecryptable");
  const key = keys.find((one) => one.use === "enc" && one.kid === outer.kid);
  if (!key) throw new Error("unknown_encryption_key");
  const { plaintext } = await compactDecrypt(text, await imports(key, "ECDH-ES"), {
    keyManagementAlgorithms: ["ECDH-ES"],
    contentEncryptionAlgorithms: ["A256GCM"],
  });
  const signed = Buffer.from(plaintext).toString("latin1");
  const header = decodeProtectedHeader(signed);
  if (header.typ !== MESSAGE_TYPE || header.crit !== undefined) throw new Error("wrong_type");
  const envelope = JSON.parse(Buffer.from(signed.split(".")[1], "base64url").toString("utf8"));
  if (!isEnvelope(envelope)) throw new Error("malformed");
  if (envelope.from !== sender) throw new Error("wrong_sender");
  const created = Date.parse(envelope.created_at);
  const theirs = signingKey(trust, envelope.from, header.kid, created);
  if (!theirs) throw new Error("unknown_key");
  await compactVerify(signed, await imports(theirs, "EdDSA"), { algorithms: ["EdDSA"] });
  if (envelope.to !== own) throw new Error("wrong_receiver");
  if (created > Date.now() + LIMITS.clock_skew_seconds * 1000) throw new Error("from_the_future");
  return { envelope, digest: digestOf(signed) };
}
