// A client of the wire protocol in one file, without dependencies: copy it, and put your implementation in its place.
//
// The class at the end implements the staking pool of docs/third_protocol. All else is the protocol, and stays as it is:
//
//     restake conform --protocol staking_pool:PROTOCOL --client "node --experimental-strip-types client.ts"

import { createHash } from "node:crypto";
import { createInterface } from "node:readline";

type Json = string | boolean | null | Json[] | { [name: string]: Json };
type Fields = { [name: string]: Json };

interface Implementation {
  name: string;
  version: string;
  actions: string[] | null; // null for all
  reset(head: Fields): void; // begin in the world that the head of a trace describes
  apply(call: Fields): Json; // make a call, and return what it returns; or throw Rejected, and change nothing
  state(): Json; // the state as a trace shows it after a step
}

class Rejected extends Error {} // throw it with the contract's error name, where a call is refused
class Unsupported extends Error {} // throw it with a reason, where your implementation cannot do what is asked

// RFC 8785 of a value without numbers: sort() is by UTF-16 code units, as it has to be.
function canonical(value: Json): string {
  if (Array.isArray(value)) return "[" + value.map(canonical).join(",") + "]";
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const names = Object.keys(value).sort();
  return "{" + names.map((name) => JSON.stringify(name) + ":" + canonical(value[name])).join(",") + "}";
}

function digest(state: Json): string {
  return createHash("sha256").update(canonical(state), "utf8").digest("hex");
}

function answer(implementation: Implementation, request: Fields): Fields {
  try {
    switch (request.op) {
      case "hello": {
        const { name, version, actions } = implementation;
        return { wire: "1", name, version, actions, reasons: "typed", digests: ["sha-256"] };
      }
      case "reset":
        implementation.reset(request.head as Fields);
        return { digest: digest(implementation.state()) };
      case "apply": {
        let said: Fields;
        try {
          said = { returns: implementation.apply(request.call as Fields) };
        } catch (error) {
          if (!(error instanceof Rejected)) throw error;
          said = { rejected: error.message };
        }
        return { ...said, digest: digest(implementation.state()) };
      }
      case "state":
        return { state: implementation.state() };
      default:
        return {};
    }
  } catch (error) {
    if (error instanceof Unsupported) return { unsupported: error.message };
    return { failed: String(error).split("\n")[0] }; // a mistake of this client is said to be one
  }
}

function main(implementation: Implementation): void {
  const lines = createInterface({ input: process.stdin });
  lines.on("line", (line) => {
    const request = JSON.parse(line) as Fields;
    process.stdout.write(JSON.stringify({ seq: request.seq, ...answer(implementation, request) }) + "\n");
    if (request.op === "bye") lines.close();
  });
}

class StakingPool implements Implementation {
  name = "pool in TypeScript";
  version = "1";
  actions = ["deposit", "withdraw", "slash"];
  stake = 0n;
  total = 0n;
  shares = new Map<string, bigint>();

  reset(head: Fields): void {
    this.stake = this.total = 0n;
    this.shares = new Map((head.stakers as string[]).map((staker) => [staker, 0n]));
  }

  apply(call: Fields): Json {
    const sender = call.sender as string;
    const args = call.args as { [name: string]: string };
    const held = this.shares.get(sender) ?? 0n;
    if (call.action === "deposit") {
      const amount = BigInt(args.amount);
      const shares = (amount * (this.total + 1n)) / (this.stake + 1n);
      if (shares === 0n) throw new Rejected("NoSharesForAmount");
      this.stake += amount;
      this.total += shares;
      this.shares.set(sender, held + shares);
      return shares.toString();
    }
    if (call.action === "withdraw") {
      const shares = BigInt(args.shares);
      if (shares > held) throw new Rejected("NotEnoughShares");
      const amount = (shares * (this.stake + 1n)) / (this.total + 1n);
      this.stake -= amount;
      this.total -= shares;
      this.shares.set(sender, held - shares);
      return amount.toString();
    }
    if (sender !== "service") throw new Rejected("NotTheService");
    const wad = 10n ** 18n;
    const fraction = BigInt(args.wad_to_slash);
    if (fraction <= 0n || fraction > wad) throw new Rejected("InvalidFraction");
    const burned = (this.stake * fraction + wad - 1n) / wad;
    this.stake -= burned;
    return burned.toString();
  }

  state(): Json {
    const stakers = Object.fromEntries([...this.shares].map(([staker, amount]) => [staker, amount.toString()]));
    return { stake: this.stake.toString(), shares: this.total.toString(), stakers };
  }
}

main(new StakingPool());
