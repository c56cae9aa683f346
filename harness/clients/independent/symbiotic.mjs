// The registries, the opt-in services and the calls: a world of vaults, and one entry for each action of a trace.

import { Defaults, History, Rejected } from "./arithmetic.mjs";
import { pair } from "./delegator.mjs";
import { Vault } from "./vault.mjs";

export class World {
  constructor(config) {
    this.config = config;
    this.now = BigInt(config.genesisTimestamp);
    this.tokens = new Defaults(() => {
      const balances = new Defaults(() => 0n);
      for (const staker of config.stakers) balances.set(staker, BigInt(config.stakerBalance));
      return balances;
    });
    this.operators = new Set(config.preRegistered.operators);
    this.networks = new Set(config.preRegistered.networks);
    this.middleware = new Defaults(() => "zero");
    this.optInNetwork = new Defaults(() => new History()); // by network and operator
    this.vaults = new Map();
    for (const [name, vault] of Object.entries(config.vaults)) this.vaults.set(name, new Vault(this, name, vault));
  }

  approved(staker, vault) {
    return this.config.stakers.includes(staker) && !(this.config.noAllowance?.[staker] ?? []).includes(vault);
  }

  move(token, from, to, amount) {
    token.set(from, token.get(from) - amount);
    token.set(to, token.get(to) + amount);
  }

  transfer(sender, { to, amount }) {
    const token = this.tokens.get("");
    if (to === "zero") throw new Rejected("ERC20InvalidReceiver");
    if (BigInt(amount) > token.get(sender)) throw new Rejected("ERC20InsufficientBalance");
    this.move(token, sender, to, BigInt(amount));
  }

  registerOperator(sender) {
    if (this.operators.has(sender)) throw new Rejected("OperatorAlreadyRegistered");
    this.operators.add(sender);
  }

  registerNetwork(sender) {
    if (this.networks.has(sender)) throw new Rejected("NetworkAlreadyRegistered");
    this.networks.add(sender);
  }

  setMiddleware(sender, { middleware }) {
    if (!this.networks.has(sender)) throw new Rejected("NotNetwork");
    if (this.middleware.get(sender) === middleware) throw new Rejected("AlreadySet");
    this.middleware.set(sender, middleware);
  }

  /** Opts an operator in to a vault or a network that `exists`, or nothing does. */
  optIn(sender, exists, history) {
    if (!this.operators.has(sender)) throw new Rejected("NotWho");
    if (!exists) throw new Rejected("NotWhereEntity");
    if (history().latest() === 1n) throw new Rejected("AlreadyOptedIn");
    history().push(this.now, 1n);
  }

  optOut(history) {
    if (history === undefined || history.latest() === 0n) throw new Rejected("NotOptedIn");
    if (history.last().timestamp === this.now) throw new Rejected("OptOutCooldown");
    history.push(this.now, 0n);
  }

  /** Notes the capture that a slash asks for, whether or not it is accepted: the state shows reads at the last three. */
  notice({ action, args }) {
    if (action !== "slash" && action !== "request_slash") return;
    const { slasher } = this.vaults.get(args.vault);
    const capture = BigInt(args.captureTimestamp);
    slasher.captures = [...slasher.captures.filter((other) => other !== capture), capture].slice(-3);
  }

  call({ action, sender, args }) {
    const vault = () => this.vaults.get(args.vault);
    switch (action) {
      case "advance_time":
        return undefined;
      case "transfer_collateral":
        return this.transfer(sender, args);
      case "register_operator":
        return this.registerOperator(sender);
      case "register_network":
        return this.registerNetwork(sender);
      case "set_middleware":
        return this.setMiddleware(sender, args);
      case "opt_in_vault":
        return this.optIn(sender, vault() !== undefined, () => vault().optIn.get(sender));
      case "opt_out_vault":
        return this.optOut(vault()?.optIn.get(sender));
      case "opt_in_network":
        return this.optIn(sender, this.networks.has(args.network), () => this.optInNetwork.get(pair(args.network, sender)));
      case "opt_out_network":
        return this.optOut(this.optInNetwork.get(pair(args.network, sender)));
      case "set_max_network_limit":
        return vault().delegator.setMaxNetworkLimit(sender, args);
      case "set_network_limit":
        return vault().delegator.setNetworkLimit(sender, args);
      case "set_operator_network_shares":
        return vault().delegator.setOperatorNetworkShares(sender, args);
      case "set_operator_network_limit":
        return vault().delegator.setOperatorNetworkLimit(sender, args);
      case "deposit":
        return vault().deposit(sender, args);
      case "withdraw":
        return vault().withdraw(sender, args);
      case "redeem":
        return vault().redeem(sender, args);
      case "claim":
        return vault().claim(sender, args);
      case "claim_batch":
        return vault().claimBatch(sender, args);
      case "slash":
        return vault().slasher.slash(sender, args);
      case "request_slash":
        return vault().slasher.requestSlash(sender, args);
      case "execute_slash":
        return vault().slasher.executeSlash(sender, args);
      case "veto_slash":
        return vault().slasher.vetoSlash(sender, args);
      case "set_resolver":
        return vault().slasher.setResolver(sender, args);
      case "set_deposit_whitelist":
        return vault().setDepositWhitelist(sender, args);
      case "set_depositor_whitelist_status":
        return vault().setDepositorWhitelistStatus(sender, args);
      case "set_is_deposit_limit":
        return vault().setIsDepositLimit(sender, args);
      case "set_deposit_limit":
        return vault().setDepositLimit(sender, args);
      default:
        throw new Error(`${action} is no action of Symbiotic`);
    }
  }
}
