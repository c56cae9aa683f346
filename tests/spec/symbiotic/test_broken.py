"""Seen to fail: the specification broken on purpose, one rule at a time, and the recorded traces must notice each."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import SourceCopy

pytestmark = pytest.mark.source

# name: (file, what stands there, what stands there instead)
BROKEN = {
    "minted shares round up": (
        "shares.py",
        "return mul_div_floor(assets, total_shares + 1, total_assets + 1)",
        "return mul_div_ceil(assets, total_shares + 1, total_assets + 1)",
    ),
    "burned shares round down": (
        "shares.py",
        "return mul_div_ceil(assets, total_shares + 1, total_assets + 1)",
        "return mul_div_floor(assets, total_shares + 1, total_assets + 1)",
    ),
    "redeemed assets round up": (
        "shares.py",
        "return mul_div_floor(shares, total_assets + 1, total_shares + 1)",
        "return mul_div_ceil(shares, total_assets + 1, total_shares + 1)",
    ),
    "overflow of burned shares found late": (
        "shares.py",
        "    if shares_minted(assets, total_shares, total_assets) > UINT256_MAX:\n"
        "        return Reason.MUL_DIV_OVERFLOW\n",
        "",
    ),
    "operator's part rounds up": (
        "delegation.py",
        "return mul_div_floor(operator_shares, subnetwork_stake, total_shares)",
        "return -(-operator_shares * subnetwork_stake // total_shares)",
    ),
    "network limit stays above its maximum": (
        "delegation.py",
        "        NETWORK_LIMITS.push(draft, vault_subnetwork, now, action.amount)\n",
        "        pass\n",
    ),
    "maximum compared before the network is": (
        "delegation.py",
        "    if not draft.get(NETWORK_REGISTRY, action.sender).is_entity:\n        return Reason.NOT_NETWORK\n"
        "    if MAX_NETWORK_LIMITS.latest(draft, vault_subnetwork) == action.amount:\n"
        "        return Reason.ALREADY_SET\n",
        "    if MAX_NETWORK_LIMITS.latest(draft, vault_subnetwork) == action.amount:\n"
        "        return Reason.ALREADY_SET\n"
        "    if not draft.get(NETWORK_REGISTRY, action.sender).is_entity:\n        return Reason.NOT_NETWORK\n",
    ),
    "opt-in read as of today": (
        "delegation.py",
        "OPERATOR_VAULT_OPT_INS.value_at(draft, in_vault, timestamp)",
        "OPERATOR_VAULT_OPT_INS.latest(draft, in_vault)",
    ),
    "network limit read as of today": (
        "delegation.py",
        "NETWORK_LIMITS.value_at(draft, vault_subnetwork, timestamp))\n    if",
        "NETWORK_LIMITS.latest(draft, vault_subnetwork))\n    if",
    ),
    "total of operators' shares keeps the old ones": (
        "delegation.py",
        " - shares_before + action.shares",
        " + action.shares",
    ),
    "cumulative slash not booked": (
        "slashing.py",
        "    CUMULATIVE_SLASHES.push(draft, subnetwork_operator, current_timestamp(draft), cumulative_slash)\n",
        "",
    ),
    "latest capture not updated": (
        "slashing.py",
        "        draft.put(LATEST_CAPTURES, subnetwork_operator, LatestCapture(capture_timestamp))\n",
        "        pass\n",
    ),
    "one slash for each capture": (
        "slashing.py",
        "    if capture_timestamp < draft.get(LATEST_CAPTURES, subnetwork_operator).timestamp:\n",
        "    if capture_timestamp <= draft.get(LATEST_CAPTURES, subnetwork_operator).timestamp:\n",
    ),
    "slashes before the capture counted again": (
        "slashing.py",
        "CUMULATIVE_SLASHES.latest(draft, subnetwork_operator) - CUMULATIVE_SLASHES.value_at(\n"
        "        draft, subnetwork_operator, capture_timestamp\n    )",
        "CUMULATIVE_SLASHES.latest(draft, subnetwork_operator)",
    ),
    "capture window one second short": (
        "slashing.py",
        "    earliest_capture_timestamp = now - config.epoch_duration_seconds\n",
        "    earliest_capture_timestamp = now - config.epoch_duration_seconds + 1\n",
    ),
    "capture window one second long": (
        "slashing.py",
        "    earliest_capture_timestamp = now - config.epoch_duration_seconds\n",
        "    earliest_capture_timestamp = now - config.epoch_duration_seconds - 1\n",
    ),
    "capture may be this second": (
        "slashing.py",
        "<= action.capture_timestamp < now:\n        return Reason.INVALID_CAPTURE_TIMESTAMP\n    slashed_amount",
        "<= action.capture_timestamp <= now:\n        return Reason.INVALID_CAPTURE_TIMESTAMP\n    slashed_amount",
    ),
    "request leaves no time for the veto": (
        "slashing.py",
        "earliest_capture_timestamp = veto_deadline_timestamp - config.epoch_duration_seconds",
        "earliest_capture_timestamp = now - config.epoch_duration_seconds",
    ),
    "capture checked before the middleware": (
        "slashing.py",
        "    if not _is_middleware(draft, action.subnetwork, action.sender):\n"
        "        return Reason.NOT_NETWORK_MIDDLEWARE\n"
        "    now = current_timestamp(draft)\n"
        "    earliest_capture_timestamp",
        "    now = current_timestamp(draft)\n"
        "    if action.capture_timestamp >= now:\n"
        "        return Reason.INVALID_CAPTURE_TIMESTAMP\n"
        "    if not _is_middleware(draft, action.subnetwork, action.sender):\n"
        "        return Reason.NOT_NETWORK_MIDDLEWARE\n"
        "    earliest_capture_timestamp",
    ),
    "active stake's part rounds up": (
        "slashing.py",
        "active_slashed = mul_div_floor(slashed_amount, active_stake, slashable)",
        "active_slashed = -(-slashed_amount * active_stake // slashable)",
    ),
    "rest of a split falls on the next bucket": (
        "slashing.py",
        "    next_withdrawals_slashed = mul_div_floor(slashed_amount, next_withdrawals, slashable)\n"
        "    withdrawals_slashed = slashed_amount - active_slashed - next_withdrawals_slashed\n",
        "    withdrawals_slashed = mul_div_floor(slashed_amount, withdrawals, slashable)\n"
        "    next_withdrawals_slashed = slashed_amount - active_slashed - withdrawals_slashed\n",
    ),
    "what a bucket does not have is lost": (
        "slashing.py",
        "        next_withdrawals_slashed += withdrawals_slashed - withdrawals\n",
        "",
    ),
    "withdrawals before this epoch always within reach": (
        "slashing.py",
        "withdrawals = 0 if epoch_at(config, capture_timestamp) == epoch else bucket.amount",
        "withdrawals = bucket.amount",
    ),
    "veto still possible at its deadline": (
        "slashing.py",
        "if request.veto_deadline_timestamp <= now:",
        "if request.veto_deadline_timestamp < now:",
    ),
    "execution not yet possible at the veto's deadline": (
        "slashing.py",
        "and request.veto_deadline_timestamp > now\n",
        "and request.veto_deadline_timestamp >= now\n",
    ),
    "slash period one second short": (
        "slashing.py",
        "if now - request.capture_timestamp > config.epoch_duration_seconds:",
        "if now - request.capture_timestamp >= config.epoch_duration_seconds:",
    ),
    "completion checked before what is slashable": (
        "slashing.py",
        "    slashed_amount = _amount_to_slash(\n        draft, vault, request.subnetwork",
        "    if request.is_completed:\n        return Reason.SLASH_REQUEST_COMPLETED\n"
        "    slashed_amount = _amount_to_slash(\n        draft, vault, request.subnetwork",
    ),
    "executed request not completed": (
        "slashing.py",
        "    draft.put(SLASH_REQUESTS, (vault, action.slash_index), _completed(request))\n    return _execute",
        "    return _execute",
    ),
    "vetoed by who is resolver today": (
        "slashing.py",
        "capture_resolver = resolver_at(draft, vault, request.subnetwork, request.capture_timestamp)",
        "capture_resolver = resolver_at(draft, vault, request.subnetwork, now)",
    ),
    "execution looks at this second's resolver": (
        "slashing.py",
        "        and resolver_at(draft, vault, request.subnetwork, now - 1) != ZERO_ADDRESS\n",
        "        and resolver_at(draft, vault, request.subnetwork, now) != ZERO_ADDRESS\n",
    ),
    "resolver's delay one epoch short": (
        "slashing.py",
        "epoch_at(config, now) + config.resolver_set_epochs_delay)",
        "epoch_at(config, now) + config.resolver_set_epochs_delay - 1)",
    ),
    "resolver's delay counted from now": (
        "slashing.py",
        "start_timestamp = epoch_start_timestamp(config, epoch_at(config, now) + config.resolver_set_epochs_delay)",
        "start_timestamp = now + config.resolver_set_epochs_delay * config.epoch_duration_seconds",
    ),
    "pending resolver not cancelled": (
        "slashing.py",
        "        _cancel(draft, action.vault, subnetwork)\n",
        "        pass\n",
    ),
    "deposit limit excludes itself": (
        "staking.py",
        "active_stake + amount > policy.deposit_limit",
        "active_stake + amount >= policy.deposit_limit",
    ),
    "deposit at the rate after it": (
        "staking.py",
        "preview_deposit(amount, active_shares, active_stake)",
        "preview_deposit(amount, active_shares, active_stake + amount)",
    ),
    "whitelist of beneficiaries": (
        "staking.py",
        "depositor: Pair = (vault, action.sender)",
        "depositor: Pair = (vault, action.on_behalf_of)",
    ),
    "nothing deposited noticed before it is sent": (
        "staking.py",
        "    policy = draft.get(DEPOSIT_POLICIES, vault)\n    depositor",
        "    if amount == 0:\n        return Reason.INSUFFICIENT_DEPOSIT\n"
        "    policy = draft.get(DEPOSIT_POLICIES, vault)\n    depositor",
    ),
    "withdrawal leaves with this epoch": (
        "withdrawals.py",
        "    epoch = current_epoch(draft, vault) + 1\n",
        "    epoch = current_epoch(draft, vault)\n",
    ),
    "withdrawal shares go to the sender": (
        "withdrawals.py",
        "minted_shares = _withdraw(draft, action.vault, action.sender, action.claimer, action.amount, burned_shares)",
        "minted_shares = _withdraw(draft, action.vault, action.sender, action.sender, action.amount, burned_shares)",
    ),
    "bucket claimable before it is over": (
        "withdrawals.py",
        "if epoch >= current_epoch(draft, vault):",
        "if epoch > current_epoch(draft, vault):",
    ),
    "claim leaves no mark": (
        "withdrawals.py",
        "    draft.put(WITHDRAWALS, (vault, epoch, account), Withdrawal(shares=withdrawal.shares, is_claimed=True))\n",
        "",
    ),
    "opt-out in the second of the opt-in": (
        "opt_in.py",
        "    if opt_ins.latest_point(draft, opt_in) == now:\n        return Reason.OPT_OUT_COOLDOWN\n",
        "",
    ),
    "opt-out holds from the next second on": (
        "opt_in.py",
        "    opt_ins.push(draft, opt_in, now, 0)\n",
        "    opt_ins.push(draft, opt_in, now + 1, 0)\n",
    ),
    "where checked before who": (
        "opt_in.py",
        "    if not draft.get(OPERATOR_REGISTRY, operator).is_entity:\n        return Reason.NOT_WHO\n"
        "    if not draft.get(where_registry, where).is_entity:\n        return Reason.NOT_WHERE_ENTITY\n",
        "    if not draft.get(where_registry, where).is_entity:\n        return Reason.NOT_WHERE_ENTITY\n"
        "    if not draft.get(OPERATOR_REGISTRY, operator).is_entity:\n        return Reason.NOT_WHO\n",
    ),
    "epoch begins a second late": (
        "clock.py",
        "return div_floor(timestamp - config.epoch_duration_init_timestamp, config.epoch_duration_seconds)",
        "return div_floor(max(timestamp - config.epoch_duration_init_timestamp - 1, 0), config.epoch_duration_seconds)",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_rule_is_caught(name: str, source_copy: "SourceCopy") -> None:
    file, right, wrong = BROKEN[name]
    source_copy.replace(f"spec/symbiotic/{file}", right, wrong)
    assert source_copy.first_difference("symbiotic") != ""


def test_the_unbroken_copy_is_not_caught(source_copy: "SourceCopy") -> None:
    assert source_copy.first_difference("symbiotic") == ""
