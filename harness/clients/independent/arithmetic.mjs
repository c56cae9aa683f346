// Integers as a contract has them: up to 2^256 - 1, divided with a direction, refused beyond a bound.

export class Rejected extends Error {}

export const MAX = 2n ** 256n - 1n;

export function min(a, b) {
  return a < b ? a : b;
}

/** The sum, or Panic(0x11) beyond 256 bits. */
export function add(a, b) {
  if (a + b > MAX) throw new Rejected("Panic(0x11)");
  return a + b;
}

/** The difference, or Panic(0x11) below zero. */
export function sub(a, b) {
  if (a < b) throw new Rejected("Panic(0x11)");
  return a - b;
}

/** floor(x * y / d). Only a quotient that does not fit is refused: the product may be longer. */
export function mulDivDown(x, y, d) {
  const quotient = (x * y) / d;
  if (quotient > MAX) throw new Rejected("MathOverflowedMulDiv");
  return quotient;
}

/** ceil(x * y / d): the one that rounding adds can be one too many. */
export function mulDivUp(x, y, d) {
  const down = mulDivDown(x, y, d);
  return (x * y) % d === 0n ? down : add(down, 1n);
}

/** Shares for assets that join a pool, down. */
export function previewDeposit(assets, totalAssets, totalShares) {
  return mulDivDown(assets, add(totalShares, 1n), add(totalAssets, 1n));
}

/** Shares that leave a pool for assets, up. */
export function previewWithdraw(assets, totalAssets, totalShares) {
  return mulDivUp(assets, add(totalShares, 1n), add(totalAssets, 1n));
}

/** Assets for shares that leave a pool, down. */
export function previewRedeem(shares, totalAssets, totalShares) {
  return mulDivDown(shares, add(totalAssets, 1n), add(totalShares, 1n));
}

/** A value by timestamp, in which the last write of a second counts. */
export class History {
  constructor(initial = 0n) {
    this.initial = initial;
    this.checkpoints = [];
  }

  push(timestamp, value) {
    const last = this.checkpoints.at(-1);
    if (last !== undefined && last.timestamp === timestamp) last.value = value;
    else this.checkpoints.push({ timestamp, value });
  }

  pop() {
    this.checkpoints.pop();
  }

  last() {
    return this.checkpoints.at(-1);
  }

  latest() {
    return this.checkpoints.at(-1)?.value ?? this.initial;
  }

  at(timestamp) {
    return this.checkpoints.findLast((checkpoint) => checkpoint.timestamp <= timestamp)?.value ?? this.initial;
  }
}

/** A map in which a name that was never written has a value of its own. */
export class Defaults extends Map {
  constructor(make) {
    super();
    this.make = make;
  }

  get(key) {
    if (!super.has(key)) super.set(key, this.make());
    return super.get(key);
  }
}
