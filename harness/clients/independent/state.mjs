// The state as a trace shows it: every view of every vault, for the names that the head of the trace declares.

import { Rejected, add, previewRedeem } from "./arithmetic.mjs";
import { pair } from "./delegator.mjs";

/** What a view answers, or `revert:` and the error's name. */
function view(read) {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Rejected)) throw error;
    return `revert:${error.message}`;
  }
}

const by = (names, read) => Object.fromEntries(names.map((name) => [name, read(name)]));

/** What the holders own of a token, and the burner: always the account burner0. */
const balances = (token, { holders }) => by([...holders, "burner0"], (account) => token.get(account));

function probe(vault, timestamp, { subnetworks, operators }) {
  const pairs = (read) => by(subnetworks, (name) => by(operators, (operator) => view(() => read(name, operator))));
  const reads = {
    timestamp,
    activeStakeAt: vault.activeStake.at(timestamp),
    activeSharesAt: vault.activeShares.at(timestamp),
    stakeAt: pairs((name, operator) => vault.delegator.stakeAt(name, operator, timestamp)),
  };
  if (vault.slasher.type === "none") return reads;
  return {
    ...reads,
    slashableStake: pairs((name, operator) => vault.slasher.slashableStake(name, operator, timestamp)),
    cumulativeSlashAt: pairs((name, operator) => vault.slasher.cumulativeSlash.get(pair(name, operator)).at(timestamp)),
  };
}

function vaultState(vault, config) {
  const { holders, operators } = config;
  const epoch = vault.epoch();
  const [stake, shares] = [vault.activeStake.latest(), vault.activeShares.latest()];
  const epochs = Array.from({ length: Number(epoch) + 2 }, (_, number) => BigInt(number));
  const used = epochs.filter((number) => holders.some((holder) => vault.withdrawalSharesOf.get(pair(number, holder)) > 0n));
  const activeBalanceOf = (holder) => previewRedeem(vault.activeSharesOf.get(holder), stake, shares);
  const slashable = (holder) =>
    add(add(activeBalanceOf(holder), vault.withdrawalsOf(epoch, holder)), vault.withdrawalsOf(epoch + 1n, holder));
  const past = [...new Set([vault.world.now - 1n, ...vault.slasher.captures])];
  const state = {
    epoch,
    activeStake: stake,
    activeShares: shares,
    totalStake: view(() => add(add(stake, vault.withdrawals.get(epoch)), vault.withdrawals.get(epoch + 1n))),
    collateral: vault.token.get(vault.name),
    depositWhitelist: vault.depositWhitelist,
    isDepositLimit: vault.isDepositLimit,
    depositLimit: vault.depositLimit,
    activeSharesOf: by(holders, (holder) => vault.activeSharesOf.get(holder)),
    activeBalanceOf: by(holders, (holder) => view(() => activeBalanceOf(holder))),
    slashableBalanceOf: by(holders, (holder) => view(() => slashable(holder))),
    isDepositorWhitelisted: by(holders, (holder) => vault.whitelisted.has(holder)),
    withdrawals: by(epochs, (number) => vault.withdrawals.get(number)),
    withdrawalShares: by(epochs, (number) => vault.withdrawalShares.get(number)),
    withdrawalSharesOf: by(used, (number) => by(holders, (holder) => vault.withdrawalSharesOf.get(pair(number, holder)))),
    withdrawalsOf: by(used, (number) => by(holders, (holder) => view(() => vault.withdrawalsOf(number, holder)))),
    isWithdrawalsClaimed: by(used, (number) => by(holders, (holder) => vault.claimed.has(pair(number, holder)))),
    optIn: by(operators, (operator) => vault.optIn.get(operator).latest() === 1n),
    delegator: vault.delegator.state(config),
    slasher: vault.slasher.type === "none" ? null : vault.slasher.state(config),
    probes: past.map((timestamp) => probe(vault, timestamp, config)),
  };
  if (vault.otherToken) state.collateralOf = balances(vault.token, config);
  return state;
}

export function stateOf(world) {
  const { config } = world;
  const { operators, networks } = config;
  return {
    timestamp: world.now,
    balances: balances(world.tokens.get(""), config),
    registry: {
      operators: by(operators, (operator) => world.operators.has(operator)),
      networks: by(networks, (network) => world.networks.has(network)),
      middleware: by(networks, (network) => world.middleware.get(network)),
    },
    optInNetwork: by(operators, (operator) =>
      by(networks, (network) => world.optInNetwork.get(pair(network, operator)).latest() === 1n),
    ),
    vaults: Object.fromEntries([...world.vaults].map(([name, vault]) => [name, vaultState(vault, config)])),
  };
}
