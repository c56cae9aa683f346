"""Symbiotic's reasons of rejection, each under the contract's own error name."""

from spec.machine import Rejection


class Reason(Rejection):
    """All reasons for which a call can be rejected. The value of each is the Solidity error or panic, as the trace
    format writes it.
    """

    # OperatorRegistry and NetworkRegistry
    OPERATOR_ALREADY_REGISTERED = "OperatorAlreadyRegistered"
    NETWORK_ALREADY_REGISTERED = "NetworkAlreadyRegistered"

    # OptInService
    NOT_WHO = "NotWho"
    NOT_WHERE_ENTITY = "NotWhereEntity"
    ALREADY_OPTED_IN = "AlreadyOptedIn"
    NOT_OPTED_IN = "NotOptedIn"
    OPT_OUT_COOLDOWN = "OptOutCooldown"

    # Vault
    INVALID_ON_BEHALF_OF = "InvalidOnBehalfOf"
    NOT_WHITELISTED_DEPOSITOR = "NotWhitelistedDepositor"
    INSUFFICIENT_DEPOSIT = "InsufficientDeposit"
    DEPOSIT_LIMIT_REACHED = "DepositLimitReached"
    INVALID_CLAIMER = "InvalidClaimer"
    INSUFFICIENT_WITHDRAWAL = "InsufficientWithdrawal"
    TOO_MUCH_WITHDRAW = "TooMuchWithdraw"
    TOO_MUCH_REDEEM = "TooMuchRedeem"
    INSUFFICIENT_REDEMPTION = "InsufficientRedemption"
    INVALID_RECIPIENT = "InvalidRecipient"
    INVALID_LENGTH_EPOCHS = "InvalidLengthEpochs"
    INVALID_EPOCH = "InvalidEpoch"
    ALREADY_CLAIMED = "AlreadyClaimed"
    INSUFFICIENT_CLAIM = "InsufficientClaim"
    INVALID_ACCOUNT = "InvalidAccount"

    # Delegators
    EXCEEDS_MAX_NETWORK_LIMIT = "ExceedsMaxNetworkLimit"
    INVALID_NETWORK = "InvalidNetwork"

    # Slasher and VetoSlasher
    NOT_NETWORK_MIDDLEWARE = "NotNetworkMiddleware"
    INVALID_CAPTURE_TIMESTAMP = "InvalidCaptureTimestamp"
    INSUFFICIENT_SLASH = "InsufficientSlash"
    SLASH_REQUEST_NOT_EXIST = "SlashRequestNotExist"
    SLASH_REQUEST_COMPLETED = "SlashRequestCompleted"
    SLASH_PERIOD_ENDED = "SlashPeriodEnded"
    VETO_PERIOD_NOT_ENDED = "VetoPeriodNotEnded"
    VETO_PERIOD_ENDED = "VetoPeriodEnded"
    NO_RESOLVER = "NoResolver"
    NOT_RESOLVER = "NotResolver"

    # DefaultStakerRewards
    INVALID_REWARD_TIMESTAMP = "InvalidRewardTimestamp"
    HIGH_ADMIN_FEE = "HighAdminFee"
    INSUFFICIENT_REWARD = "InsufficientReward"
    NO_REWARDS_TO_CLAIM = "NoRewardsToClaim"
    INVALID_HINTS_LENGTH = "InvalidHintsLength"
    INSUFFICIENT_ADMIN_FEE = "InsufficientAdminFee"
    INVALID_ADMIN_FEE = "InvalidAdminFee"

    # DefaultOperatorRewards
    ROOT_NOT_SET = "RootNotSet"
    INVALID_PROOF = "InvalidProof"
    INSUFFICIENT_TOTAL_CLAIMABLE = "InsufficientTotalClaimable"
    INSUFFICIENT_BALANCE = "InsufficientBalance"

    # Shared by several contracts
    ALREADY_SET = "AlreadySet"
    NOT_NETWORK = "NotNetwork"

    # OpenZeppelin's, and reverts that carry no error
    UNAUTHORIZED_ACCOUNT = "AccessControlUnauthorizedAccount"
    ERC20_INSUFFICIENT_ALLOWANCE = "ERC20InsufficientAllowance"
    ERC20_INSUFFICIENT_BALANCE = "ERC20InsufficientBalance"
    ERC20_INVALID_RECEIVER = "ERC20InvalidReceiver"
    MUL_DIV_OVERFLOW = "MathOverflowedMulDiv"
    UINT48_OVERFLOW = "SafeCastOverflowedUintDowncast"
    ARITHMETIC_PANIC = "Panic(0x11)"
    INDEX_PANIC = "Panic(0x32)"
    EMPTY_REVERT = "EmptyRevert"
