// The trust list (SPEC.md, 11): which districts take part, and which keys are theirs.
import { compactVerify, importJWK } from "jose";

/** Verify a list against the anchor's public key; returns the districts by code. */
export async function verifyList(token, anchor) {
  const key = await importJWK(anchor, "EdDSA");
  const { payload, protectedHeader } = await compactVerify(token, key, { algorithms: ["EdDSA"] });
  if (protectedHeader.typ !== "trust-list+jwt") throw new Error("not a trust list");
  const { districts } = JSON.parse(new TextDecoder().decode(payload));
  return new Map(districts.map((one) => [one.code, one]));
}

const covers = (entry, moment) =>
  Date.parse(entry.valid_from) <= moment && (entry.valid_to === null || moment < Date.parse(entry.valid_to));

/** The key with which a district may have signed at a moment, or undefined. */
export function signingKey(trust, district, kid, moment) {
  return trust.get(district)?.exchange_signing_keys.find((one) => one.kid === kid && covers(one, moment))?.jwk;
}

/** The key to encrypt to: of those usable now the one that began last. */
export function encryptionKey(trust, district) {
  const usable = trust.get(district).exchange_encryption_keys.filter((one) => covers(one, Date.now()));
  usable.sort((a, b) => Date.parse(b.valid_from) - Date.parse(a.valid_from) || (a.kid < b.kid ? 1 : -1));
  return { ...usable[0].jwk, kid: usable[0].kid };
}
