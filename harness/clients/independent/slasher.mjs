// The two slashers: one that slashes at once, one whose requests a resolver can veto.

import { Defaults, History, Rejected, add, min, sub } from "./arithmetic.mjs";
import { networkOf, pair } from "./delegator.mjs";

const UINT48 = 2n ** 48n - 1n;

export class Slasher {
  constructor(world, vault, config) {
    this.world = world;
    this.vault = vault;
    this.type = config.slasher;
    this.vetoDuration = BigInt(config.vetoDuration ?? 0);
    this.resolverSetEpochsDelay = BigInt(config.resolverSetEpochsDelay ?? 0);
    this.cumulativeSlash = new Defaults(() => new History());
    this.latestSlashedCapture = new Defaults(() => 0n);
    this.resolvers = new Defaults(() => new History("zero"));
    this.requests = [];
    this.captures = []; // that slashes asked for, refused ones too: the state shows reads at the last three
  }

  only(type) {
    if (this.type !== type) throw new Rejected("EmptyRevert");
  }

  onlyMiddleware(sender, subnetwork) {
    if (this.world.middleware.get(networkOf(subnetwork)) !== sender) throw new Rejected("NotNetworkMiddleware");
  }

  slashableStake(subnetwork, operator, capture) {
    const { now } = this.world;
    if (capture < sub(now, this.vault.epochDuration) || capture >= now) return 0n;
    if (capture < this.latestSlashedCapture.get(pair(subnetwork, operator))) return 0n;
    const stake = this.vault.delegator.stakeAt(subnetwork, operator, capture);
    const booked = this.cumulativeSlash.get(pair(subnetwork, operator));
    return stake - min(booked.latest() - booked.at(capture), stake);
  }

  /** Has the vault pay, and books an amount against an operator; not for a request that is completed already. */
  book(subnetwork, operator, capture, most, completed = false) {
    const slashed = min(most, this.slashableStake(subnetwork, operator, capture));
    if (slashed === 0n) throw new Rejected("InsufficientSlash");
    if (completed) throw new Rejected("SlashRequestCompleted");
    const paid = this.vault.onSlash(slashed, capture);
    const key = pair(subnetwork, operator);
    if (capture > this.latestSlashedCapture.get(key)) this.latestSlashedCapture.set(key, capture);
    const booked = this.cumulativeSlash.get(key);
    booked.push(this.world.now, add(booked.latest(), slashed));
    return { slashedAmount: slashed, vaultSlashedAmount: paid };
  }

  slash(sender, { subnetwork, operator, amount, captureTimestamp }) {
    this.only("instant");
    this.onlyMiddleware(sender, subnetwork);
    const { now } = this.world;
    const capture = BigInt(captureTimestamp);
    if (capture < sub(now, this.vault.epochDuration) || capture >= now) throw new Rejected("InvalidCaptureTimestamp");
    return this.book(subnetwork, operator, capture, BigInt(amount));
  }

  requestSlash(sender, { subnetwork, operator, amount, captureTimestamp }) {
    this.only("veto");
    this.onlyMiddleware(sender, subnetwork);
    const { now } = this.world;
    const capture = BigInt(captureTimestamp);
    const earliest = sub(now + this.vetoDuration, this.vault.epochDuration);
    if (capture < earliest || capture >= now) throw new Rejected("InvalidCaptureTimestamp");
    const asked = min(BigInt(amount), this.slashableStake(subnetwork, operator, capture));
    if (asked === 0n) throw new Rejected("InsufficientSlash");
    const vetoDeadline = now + this.vetoDuration;
    this.requests.push({ subnetwork, operator, amount: asked, captureTimestamp: capture, vetoDeadline, completed: false });
    return { slashIndex: BigInt(this.requests.length - 1) };
  }

  request(slashIndex) {
    if (BigInt(slashIndex) >= BigInt(this.requests.length)) throw new Rejected("SlashRequestNotExist");
    return this.requests[Number(slashIndex)];
  }

  executeSlash(sender, { slashIndex }) {
    this.only("veto");
    const request = this.request(slashIndex);
    const { now } = this.world;
    this.onlyMiddleware(sender, request.subnetwork);
    const resolvers = this.resolvers.get(request.subnetwork);
    const resolved = resolvers.at(request.captureTimestamp) !== "zero" && resolvers.at(now - 1n) !== "zero";
    if (resolved && now < request.vetoDeadline) throw new Rejected("VetoPeriodNotEnded");
    if (now - request.captureTimestamp > this.vault.epochDuration) throw new Rejected("SlashPeriodEnded");
    const { subnetwork, operator, captureTimestamp, amount, completed } = request;
    const slashed = this.book(subnetwork, operator, captureTimestamp, amount, completed);
    request.completed = true;
    return slashed;
  }

  vetoSlash(sender, { slashIndex }) {
    this.only("veto");
    const request = this.request(slashIndex);
    const { now } = this.world;
    const resolvers = this.resolvers.get(request.subnetwork);
    const resolver = resolvers.at(request.captureTimestamp);
    if (resolver === "zero" || resolvers.at(now - 1n) === "zero") throw new Rejected("NoResolver");
    if (resolver !== sender) throw new Rejected("NotResolver");
    if (now >= request.vetoDeadline) throw new Rejected("VetoPeriodEnded");
    if (request.completed) throw new Rejected("SlashRequestCompleted");
    request.completed = true;
  }

  setResolver(sender, { identifier, resolver }) {
    this.only("veto");
    if (!this.world.networks.has(sender)) throw new Rejected("NotNetwork");
    const { now } = this.world;
    const history = this.resolvers.get(`${sender}/sub${identifier}`);
    if (history.last() === undefined) {
      if (resolver === "zero") throw new Rejected("AlreadySet");
      history.push(now, resolver);
      return;
    }
    const waits = history.last().timestamp > now;
    if (!waits && history.latest() === resolver) throw new Rejected("AlreadySet");
    const inOffice = history.at(now);
    const { epochDuration } = this.vault;
    const from = this.vault.epochStart() + this.resolverSetEpochsDelay * epochDuration;
    if (resolver !== inOffice && from > UINT48) throw new Rejected("SafeCastOverflowedUintDowncast");
    if (waits) history.pop();
    if (resolver !== inOffice) history.push(from, resolver);
  }

  state({ subnetworks, operators }) {
    const bySubnetwork = (read) => Object.fromEntries(subnetworks.map((name) => [name, read(name)]));
    const byOperator = (read) =>
      bySubnetwork((name) => Object.fromEntries(operators.map((operator) => [operator, read(pair(name, operator))])));
    const state = {
      cumulativeSlash: byOperator((key) => this.cumulativeSlash.get(key).latest()),
      latestSlashedCaptureTimestamp: byOperator((key) => this.latestSlashedCapture.get(key)),
    };
    if (this.type === "veto") {
      state.resolver = bySubnetwork((name) => this.resolvers.get(name).at(this.world.now));
      state.resolverPending = bySubnetwork((name) => this.resolvers.get(name).latest());
      state.slashRequests = this.requests.map((request) => ({ ...request }));
    }
    return state;
  }
}
