// The four delegators: how much of a vault's stake an operator has in a subnetwork.

import { Defaults, History, MAX, Rejected, add, min, mulDivDown, sub } from "./arithmetic.mjs";

export const networkOf = (subnetwork) => subnetwork.slice(0, subnetwork.lastIndexOf("/sub"));
export const pair = (subnetwork, operator) => `${subnetwork} ${operator}`;

export class Delegator {
  constructor(world, vault, config) {
    this.world = world;
    this.vault = vault;
    this.type = config.delegator;
    this.operator = config.delegatorOperator;
    this.network = config.delegatorNetwork;
    this.maxNetworkLimit = new Defaults(() => new History());
    this.networkLimit = new Defaults(() => new History());
    this.operatorNetworkLimit = new Defaults(() => new History());
    this.operatorNetworkShares = new Defaults(() => new History());
    this.totalOperatorNetworkShares = new Defaults(() => new History());
  }

  setMaxNetworkLimit(sender, { identifier, amount }) {
    if (!this.world.networks.has(sender)) throw new Rejected("NotNetwork");
    const subnetwork = `${sender}/sub${identifier}`;
    const limit = BigInt(amount);
    const maximum = this.maxNetworkLimit.get(subnetwork);
    if (maximum.latest() === limit) throw new Rejected("AlreadySet");
    if (this.network !== undefined && sender !== this.network) throw new Rejected("InvalidNetwork");
    maximum.push(this.world.now, limit);
    const history = this.networkLimit.get(subnetwork);
    if (history.last() !== undefined) history.push(this.world.now, min(history.latest(), limit));
  }

  setNetworkLimit(sender, { subnetwork, amount }) {
    if (this.type === "operator_network_specific") throw new Rejected("EmptyRevert");
    this.vault.onlyAdmin(sender);
    const limit = BigInt(amount);
    if (limit > this.maxNetworkLimit.get(subnetwork).latest()) throw new Rejected("ExceedsMaxNetworkLimit");
    const history = this.networkLimit.get(subnetwork);
    if (history.latest() === limit) throw new Rejected("AlreadySet");
    history.push(this.world.now, limit);
  }

  setOperatorNetworkShares(sender, { subnetwork, operator, shares }) {
    if (this.type !== "network_restake") throw new Rejected("EmptyRevert");
    this.vault.onlyAdmin(sender);
    const after = BigInt(shares);
    const history = this.operatorNetworkShares.get(pair(subnetwork, operator));
    if (history.latest() === after) throw new Rejected("AlreadySet");
    const total = this.totalOperatorNetworkShares.get(subnetwork);
    total.push(this.world.now, add(sub(total.latest(), history.latest()), after));
    history.push(this.world.now, after);
  }

  setOperatorNetworkLimit(sender, { subnetwork, operator, amount }) {
    if (this.type !== "full_restake") throw new Rejected("EmptyRevert");
    this.vault.onlyAdmin(sender);
    const limit = BigInt(amount);
    const history = this.operatorNetworkLimit.get(pair(subnetwork, operator));
    if (history.latest() === limit) throw new Rejected("AlreadySet");
    history.push(this.world.now, limit);
  }

  stakeAt(subnetwork, operator, timestamp) {
    const { optInNetwork } = this.world;
    if (this.vault.optIn.get(operator).at(timestamp) === 0n) return 0n;
    if (optInNetwork.get(pair(networkOf(subnetwork), operator)).at(timestamp) === 0n) return 0n;
    const active = this.vault.activeStake.at(timestamp);
    const limited = min(active, this.networkLimit.get(subnetwork).at(timestamp));
    switch (this.type) {
      case "network_restake": {
        const total = this.totalOperatorNetworkShares.get(subnetwork).at(timestamp);
        if (total === 0n) return 0n;
        return mulDivDown(this.operatorNetworkShares.get(pair(subnetwork, operator)).at(timestamp), limited, total);
      }
      case "full_restake":
        return min(limited, this.operatorNetworkLimit.get(pair(subnetwork, operator)).at(timestamp));
      case "operator_specific":
        return operator === this.operator ? limited : 0n;
      case "operator_network_specific":
        if (operator !== this.operator || networkOf(subnetwork) !== this.network) return 0n;
        return min(active, this.maxNetworkLimit.get(subnetwork).at(timestamp));
      default:
        throw new Error(`${this.type} is no type of delegator`);
    }
  }

  state({ subnetworks, operators }) {
    const bySubnetwork = (read) => Object.fromEntries(subnetworks.map((name) => [name, read(name)]));
    const byOperator = (read) =>
      bySubnetwork((name) => Object.fromEntries(operators.map((operator) => [operator, read(name, operator)])));
    const limits = (histories) => bySubnetwork((name) => histories.get(name).latest());
    const pairs = (histories) => byOperator((name, operator) => histories.get(pair(name, operator)).latest());
    const state = {
      maxNetworkLimit: limits(this.maxNetworkLimit),
      stake: byOperator((name, operator) => this.stakeAt(name, operator, MAX)),
    };
    if (this.type !== "operator_network_specific") state.networkLimit = limits(this.networkLimit);
    if (this.type === "full_restake") state.operatorNetworkLimit = pairs(this.operatorNetworkLimit);
    if (this.type === "network_restake") {
      state.totalOperatorNetworkShares = limits(this.totalOperatorNetworkShares);
      state.operatorNetworkShares = pairs(this.operatorNetworkShares);
    }
    return state;
  }
}
