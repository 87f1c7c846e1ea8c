// An OpenID provider that is not ours, on a free port of this machine, for the tests of signing in by one.
// It says where it listens on its first line and obeys lines of JSON; it ends with its standard input.
import http from "node:http";
import readline from "node:readline";
import { generateKeyPair } from "node:crypto";
import { promisify } from "node:util";
import { Provider } from "oidc-provider";

const REDIRECT = "https://renkou.example/callback";
const CURVES = { ES256: ["ec", { namedCurve: "P-256" }], Ed25519: ["ed25519", {}] };
const ALGORITHMS = ["RS256", "PS256", "ES256", "Ed25519"];
const now = Date.now.bind(Date);
let keys = 0;
let offset = 0;
Date.now = () => now() + offset;

async function newKey(alg) {
  const [type, options] = CURVES[alg] ?? ["rsa", { modulusLength: 2048 }];
  const { privateKey } = await promisify(generateKeyPair)(type, options);
  return { ...privateKey.export({ format: "jwk" }), kid: `key-${(keys += 1)}`, alg, use: "sig" };
}

function configured(issuer, key) {
  const provider = new Provider(issuer, {
    clients: ["renkou-340103", "another-client"].map((client_id) => ({
      client_id,
      redirect_uris: [REDIRECT],
      token_endpoint_auth_method: "none",
      grant_types: ["authorization_code"],
      response_types: ["code"],
      id_token_signed_response_alg: key.alg,
    })),
    jwks: { keys: [key] },
    enabledJWA: { idTokenSigningAlgValues: ALGORITHMS },
    pkce: { required: () => true },
    cookies: { keys: ["only for tests"] },
    ttl: { IdToken: 600, Interaction: 3600, Session: 3600, Grant: 3600, AccessToken: 600 },
    claims: { openid: ["sub", "amr"], email: ["email", "email_verified"] },
    conformIdTokenClaims: false,
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
    async loadExistingGrant(ctx) {
      const { client, session } = ctx.oidc;
      const grant = new ctx.oidc.provider.Grant({ clientId: client.clientId, accountId: session.accountId });
      grant.addOIDCScope("openid email");
      await grant.save();
      return grant;
    },
  });
  const callback = provider.callback();
  return async (request, response) => {
    if (!request.url.startsWith("/interaction/")) return callback(request, response);
    // The person at the provider: who the hint says, by the means that stand behind it ("wang+pwd+otp").
    const { params } = await provider.interactionDetails(request, response);
    const [accountId, ...amr] = params.login_hint.split("+");
    await provider.interactionFinished(request, response, { login: { accountId, amr } });
  };
}

async function listening() {
  const server = http.createServer((request, response) => server.answer(request, response));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  server.issuer = `http://127.0.0.1:${server.address().port}`;
  return server;
}

const [provider, impostor] = [await listening(), await listening()];
async function rotate(alg) {
  const key = await newKey(alg);
  for (const each of [provider, impostor]) each.answer = configured(each.issuer, key);
}
await rotate("RS256");
const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);
say({ issuer: provider.issuer, impostor: impostor.issuer, redirect: REDIRECT });
for await (const line of readline.createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  if (asked.rotate) await rotate(asked.rotate);
  if (asked.offset !== undefined) offset = asked.offset * 1000;
  say({ done: true });
}
process.exit(0);
