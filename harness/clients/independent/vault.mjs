// A vault: deposits, withdrawals by epoch, and what it pays when it is slashed.

import { Defaults, History, Rejected, add, min, mulDivDown } from "./arithmetic.mjs";
import { previewDeposit, previewRedeem, previewWithdraw } from "./arithmetic.mjs";
import { Delegator, pair } from "./delegator.mjs";
import { Slasher } from "./slasher.mjs";

export class Vault {
  constructor(world, name, config) {
    this.world = world;
    this.name = name;
    this.token = world.tokens.get(config.collateral ?? "");
    this.otherToken = config.collateral !== undefined;
    this.admin = config.admin ?? "admin0";
    this.burner = config.burner;
    this.epochDuration = BigInt(config.epochDuration);
    this.epochDurationInit = BigInt(config.epochDurationInit);
    this.depositWhitelist = config.depositWhitelist;
    this.isDepositLimit = config.isDepositLimit;
    this.depositLimit = BigInt(config.depositLimit);
    this.whitelisted = new Set();
    this.activeStake = new History();
    this.activeShares = new History();
    this.activeSharesOf = new Defaults(() => 0n);
    this.withdrawals = new Defaults(() => 0n); // by epoch
    this.withdrawalShares = new Defaults(() => 0n); // by epoch
    this.withdrawalSharesOf = new Defaults(() => 0n); // by epoch and account
    this.claimed = new Set(); // epoch and account
    this.optIn = new Defaults(() => new History());
    this.delegator = new Delegator(world, this, config);
    this.slasher = new Slasher(world, this, config);
  }

  epochAt(timestamp) {
    return (timestamp - this.epochDurationInit) / this.epochDuration;
  }

  epoch() {
    return this.epochAt(this.world.now);
  }

  epochStart() {
    return this.epochDurationInit + this.epoch() * this.epochDuration;
  }

  onlyAdmin(sender) {
    if (sender !== this.admin) throw new Rejected("AccessControlUnauthorizedAccount");
  }

  deposit(sender, { onBehalfOf, amount }) {
    if (onBehalfOf === "zero") throw new Rejected("InvalidOnBehalfOf");
    if (this.depositWhitelist && !this.whitelisted.has(sender)) throw new Rejected("NotWhitelistedDepositor");
    const deposited = BigInt(amount);
    if (deposited > 0n && !this.world.approved(sender, this.name)) throw new Rejected("ERC20InsufficientAllowance");
    if (deposited > this.token.get(sender)) throw new Rejected("ERC20InsufficientBalance");
    if (deposited === 0n) throw new Rejected("InsufficientDeposit");
    const [stake, shares] = [this.activeStake.latest(), this.activeShares.latest()];
    if (this.isDepositLimit && add(stake, deposited) > this.depositLimit) throw new Rejected("DepositLimitReached");
    const minted = previewDeposit(deposited, stake, shares);
    const [stakeAfter, sharesAfter] = [add(stake, deposited), add(shares, minted)];
    this.world.move(this.token, sender, this.name, deposited);
    this.activeStake.push(this.world.now, stakeAfter);
    this.activeShares.push(this.world.now, sharesAfter);
    this.activeSharesOf.set(onBehalfOf, this.activeSharesOf.get(onBehalfOf) + minted);
    return { depositedAmount: deposited, mintedShares: minted };
  }

  withdraw(sender, { claimer, amount }) {
    if (claimer === "zero") throw new Rejected("InvalidClaimer");
    const assets = BigInt(amount);
    if (assets === 0n) throw new Rejected("InsufficientWithdrawal");
    const burned = previewWithdraw(assets, this.activeStake.latest(), this.activeShares.latest());
    if (burned > this.activeSharesOf.get(sender)) throw new Rejected("TooMuchWithdraw");
    return { burnedShares: burned, mintedShares: this.leave(sender, claimer, assets, burned) };
  }

  redeem(sender, { claimer, shares }) {
    if (claimer === "zero") throw new Rejected("InvalidClaimer");
    const burned = BigInt(shares);
    if (burned > this.activeSharesOf.get(sender)) throw new Rejected("TooMuchRedeem");
    const assets = previewRedeem(burned, this.activeStake.latest(), this.activeShares.latest());
    if (assets === 0n) throw new Rejected("InsufficientRedemption");
    return { withdrawnAssets: assets, mintedShares: this.leave(sender, claimer, assets, burned) };
  }

  /** Moves assets from the active stake to the bucket of the next epoch, and returns the bucket's shares for them. */
  leave(sender, claimer, assets, burned) {
    const epoch = this.epoch() + 1n;
    const [bucket, bucketShares] = [this.withdrawals.get(epoch), this.withdrawalShares.get(epoch)];
    const minted = previewDeposit(assets, bucket, bucketShares);
    const [bucketAfter, bucketSharesAfter] = [add(bucket, assets), add(bucketShares, minted)];
    this.activeSharesOf.set(sender, this.activeSharesOf.get(sender) - burned);
    this.activeShares.push(this.world.now, this.activeShares.latest() - burned);
    this.activeStake.push(this.world.now, this.activeStake.latest() - assets);
    this.withdrawals.set(epoch, bucketAfter);
    this.withdrawalShares.set(epoch, bucketSharesAfter);
    const key = pair(epoch, claimer);
    this.withdrawalSharesOf.set(key, this.withdrawalSharesOf.get(key) + minted);
    return minted;
  }

  withdrawalsOf(epoch, account) {
    const shares = this.withdrawalSharesOf.get(pair(epoch, account));
    return previewRedeem(shares, this.withdrawals.get(epoch), this.withdrawalShares.get(epoch));
  }

  /** What a claim of these epochs pays: all of them, or none. */
  claimEpochs(sender, recipient, epochs) {
    let total = 0n;
    const now = new Set();
    for (const epoch of epochs) {
      if (epoch >= this.epoch()) throw new Rejected("InvalidEpoch");
      const key = pair(epoch, sender);
      if (this.claimed.has(key) || now.has(key)) throw new Rejected("AlreadyClaimed");
      const amount = this.withdrawalsOf(epoch, sender);
      if (amount === 0n) throw new Rejected("InsufficientClaim");
      now.add(key);
      total = add(total, amount);
    }
    for (const key of now) this.claimed.add(key);
    this.world.move(this.token, this.name, recipient, total);
    return { amount: total };
  }

  claim(sender, { recipient, epoch }) {
    if (recipient === "zero") throw new Rejected("InvalidRecipient");
    return this.claimEpochs(sender, recipient, [BigInt(epoch)]);
  }

  claimBatch(sender, { recipient, epochs }) {
    if (recipient === "zero") throw new Rejected("InvalidRecipient");
    if (epochs.length === 0) throw new Rejected("InvalidLengthEpochs");
    return this.claimEpochs(sender, recipient, epochs.map(BigInt));
  }

  /** Pays a slash, of what was active or leaving at the capture, and returns how much that was. */
  onSlash(amount, capture) {
    const epoch = this.epoch();
    const active = this.activeStake.latest();
    const next = this.withdrawals.get(epoch + 1n);
    const current = this.epochAt(capture) === epoch ? 0n : this.withdrawals.get(epoch);
    const total = add(add(active, current), next);
    const slashed = min(amount, total);
    if (slashed === 0n) return 0n;
    if (this.burner === "zero") throw new Rejected("ERC20InvalidReceiver");
    const ofActive = mulDivDown(slashed, active, total);
    let ofNext = mulDivDown(slashed, next, total);
    let ofCurrent = slashed - ofActive - ofNext;
    if (ofCurrent > current) {
      ofNext += ofCurrent - current;
      ofCurrent = current;
    }
    this.activeStake.push(this.world.now, active - ofActive);
    this.withdrawals.set(epoch + 1n, next - ofNext);
    this.withdrawals.set(epoch, this.withdrawals.get(epoch) - ofCurrent);
    this.world.move(this.token, this.name, this.burner, slashed);
    return slashed;
  }

  setDepositWhitelist(sender, { status }) {
    this.onlyAdmin(sender);
    if (this.depositWhitelist === status) throw new Rejected("AlreadySet");
    this.depositWhitelist = status;
  }

  setDepositorWhitelistStatus(sender, { account, status }) {
    this.onlyAdmin(sender);
    if (account === "zero") throw new Rejected("InvalidAccount");
    if (this.whitelisted.has(account) === status) throw new Rejected("AlreadySet");
    if (status) this.whitelisted.add(account);
    else this.whitelisted.delete(account);
  }

  setIsDepositLimit(sender, { status }) {
    this.onlyAdmin(sender);
    if (this.isDepositLimit === status) throw new Rejected("AlreadySet");
    this.isDepositLimit = status;
  }

  setDepositLimit(sender, { limit }) {
    this.onlyAdmin(sender);
    if (this.depositLimit === BigInt(limit)) throw new Rejected("AlreadySet");
    this.depositLimit = BigInt(limit);
  }
}
