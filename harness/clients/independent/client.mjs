// Symbiotic, written from docs/ without a look at spec/, as a client of the wire protocol (docs/conformance.md). Node.js 18 or later:
//
//     restake conform --protocol symbiotic --client "node harness/clients/independent/client.mjs" --lane ci

import { createHash } from "node:crypto";
import { createInterface } from "node:readline";

import { Rejected } from "./arithmetic.mjs";
import { stateOf } from "./state.mjs";
import { World } from "./symbiotic.mjs";

/** RFC 8785 of a value without numbers: amounts are written as decimal strings. */
function canonical(value) {
  if (typeof value === "bigint") return `"${value}"`;
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(",")}}`;
}

/** What it knows: everything but rewards. */
const ACTIONS = [
  "advance_time", "transfer_collateral", "register_operator", "register_network", "set_middleware",
  "opt_in_vault", "opt_out_vault", "opt_in_network", "opt_out_network",
  "deposit", "withdraw", "redeem", "claim", "claim_batch",
  "set_deposit_whitelist", "set_depositor_whitelist_status", "set_is_deposit_limit", "set_deposit_limit",
  "set_max_network_limit", "set_network_limit", "set_operator_network_shares", "set_operator_network_limit",
  "slash", "request_slash", "execute_slash", "veto_slash", "set_resolver",
];

let world = null;

const digest = () => createHash("sha256").update(canonical(stateOf(world)), "utf8").digest("hex");

function apply(call) {
  world.now = BigInt(call.timestamp);
  world.notice(call);
  try {
    return { returns: world.call(call) ?? {} };
  } catch (error) {
    if (!(error instanceof Rejected)) throw error;
    return { rejected: error.message };
  }
}

function answer(request) {
  switch (request.op) {
    case "hello":
      return { wire: "1", name: "symbiotic, independent", version: "1", actions: ACTIONS, reasons: "typed", digests: ["sha-256"] };
    case "reset":
      if (request.head.extension !== undefined) return { unsupported: `the extension ${request.head.extension}` };
      world = new World(request.head.config);
      return { digest: digest() };
    case "apply":
      return { ...apply(request.call), digest: digest() };
    case "state":
      return { state: stateOf(world) };
    case "bye":
      return {};
    default:
      throw new Error(`${request.op} is no request`);
  }
}

const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => {
  let seq = null;
  let said;
  try {
    const request = JSON.parse(line);
    seq = request.seq;
    said = answer(request);
    if (request.op === "bye") lines.close();
  } catch (error) {
    said = { failed: String(error).split("\n")[0] };
  }
  process.stdout.write(`${canonical({ seq, ...said })}\n`);
});
