// Another district's office, written with @sd-jwt/sd-jwt-vc and Node's own cryptography.
//
// Reads one task as JSON from standard input, writes the answer as JSON:
//   {"do": "verify", "keys": {kid: jwk}, "lists": {uri: token}, "cases": [{name, presentation, nonce?, audience?}]}
//     -> {"results": {name: {"valid": bool, "claims"?, "error"?}}, "attempts": [...]}
//   {"do": "issue", "key": jwk, "holder"?: jwk, "claims": {...}, "groups": [...], "decoys": n, "show": [...],
//    "binding"?: {nonce, audience, iat}}
//     -> {"presentation": text, "attempts": [...]}
//   {"do": "call"}: tries the network, to show that it would be noticed
import { createHash, createPrivateKey, createPublicKey, randomBytes, sign, verify } from "node:crypto";
import { text } from "node:stream/consumers";

import { SDJwtVcInstance } from "@sd-jwt/sd-jwt-vc";

import { attempts } from "./no_network.mjs";

const TYPE = "urn:renkou:marriage-and-childbearing-certificate:1";
const DIGESTS = { ES256: "sha256", EdDSA: null };
const hasher = (data) => new Uint8Array(createHash("sha256").update(data).digest());
const saltGenerator = () => randomBytes(16).toString("base64url");
const decoded = (segment) => JSON.parse(Buffer.from(segment, "base64url").toString("utf8"));

// A key is used with its own algorithm only, whatever a token says.
function signatureHolds(jwk, data, signature) {
  const { alg } = decoded(data.split(".")[0]);
  if (!jwk || alg !== jwk.alg) return false;
  const key = createPublicKey({ key: jwk, format: "jwk" });
  return verify(DIGESTS[alg], Buffer.from(data), { key, dsaEncoding: "ieee-p1363" }, Buffer.from(signature, "base64url"));
}

const signer = (jwk) => (data) =>
  sign(DIGESTS[jwk.alg], Buffer.from(data), {
    key: createPrivateKey({ key: jwk, format: "jwk" }),
    dsaEncoding: "ieee-p1363",
  }).toString("base64url");

const algorithmOf = (jwk) => (jwk.crv === "Ed25519" ? "EdDSA" : "ES256");

async function verifyCase({ keys, lists }, { presentation, nonce, audience }) {
  const instance = new SDJwtVcInstance({
    hasher,
    verifier: (data, signature) => signatureHolds(keys[decoded(data.split(".")[0]).kid], data, signature),
    kbVerifier: (data, signature, payload) => {
      const { jwk } = payload.cnf;
      return signatureHolds({ ...jwk, alg: algorithmOf(jwk) }, data, signature);
    },
    statusListFetcher: async (uri) => {
      if (!lists[uri]) throw new Error("status list is not at hand");
      return lists[uri];
    },
  });
  const result = await instance.verify(presentation, nonce ? { keyBindingNonce: nonce } : {});
  // Not the library's to know: which type is expected, whose list is meant, and who the verifier is.
  if (result.header.typ !== "dc+sd-jwt" || result.payload.vct !== TYPE) throw new Error("another type");
  const { iss, status } = result.payload;
  if (!status?.status_list?.uri?.startsWith(`${iss}/status-lists/`)) throw new Error("another issuer's list");
  if (result.payload.cnf && result.kb?.payload.aud !== audience) throw new Error("another audience");
  return result.payload;
}

async function verifyAll(task) {
  const results = {};
  for (const one of task.cases) {
    try {
      results[one.name] = { valid: true, claims: await verifyCase(task, one) };
    } catch (error) {
      results[one.name] = { valid: false, error: String(error.message ?? error) };
    }
  }
  return { results };
}

async function issue({ key, holder, claims, groups, decoys, show, binding }) {
  const instance = new SDJwtVcInstance({
    hasher,
    hashAlg: "sha-256",
    saltGenerator,
    signer: signer(key),
    signAlg: key.alg,
    kbSigner: holder && signer(holder),
    kbSignAlg: holder?.alg,
  });
  const full = await instance.issue(claims, { _sd: groups, _sd_decoy: decoys }, { header: { kid: key.kid } });
  const frame = Object.fromEntries(show.map((name) => [name, true]));
  const { audience, nonce, iat } = binding ?? {};
  const kb = binding && { payload: { aud: audience, nonce, iat } };
  return { presentation: await instance.present(full, frame, kb && { kb }) };
}

async function call() {
  try {
    await fetch("http://127.0.0.1:9/");
  } catch {
    return {};
  }
  return {};
}

const task = JSON.parse(await text(process.stdin));
const answer = await { verify: verifyAll, issue, call }[task.do](task);
process.stdout.write(JSON.stringify({ ...answer, attempts }));
