"""Reasons of rejection, each under the contract's own name for it."""

from spec.machine import Rejection


class Reason(Rejection):
    """The closed enumeration: the value is the Solidity error, panic or revert string as the trace format writes it."""

    # DelegationManager
    ACTIVELY_DELEGATED = "ActivelyDelegated"
    NOT_ACTIVELY_DELEGATED = "NotActivelyDelegated"
    OPERATOR_NOT_REGISTERED = "OperatorNotRegistered"
    OPERATORS_CANNOT_UNDELEGATE = "OperatorsCannotUndelegate"
    CALLER_CANNOT_UNDELEGATE = "CallerCannotUndelegate"
    SALT_SPENT = "SaltSpent"
    SIGNATURE_EXPIRED = "SignatureExpired"
    INVALID_SIGNATURE = "InvalidSignature"
    FULLY_SLASHED = "FullySlashed"
    INVALID_DEPOSIT_SCALING_FACTOR = "InvalidDepositScalingFactor"
    WITHDRAWER_NOT_CALLER = "WithdrawerNotCaller"
    WITHDRAWAL_NOT_QUEUED = "WithdrawalNotQueued"
    WITHDRAWAL_DELAY_NOT_ELAPSED = "WithdrawalDelayNotElapsed"

    # StrategyManager and StrategyBase
    STRATEGY_NOT_WHITELISTED = "StrategyNotWhitelisted"
    ONLY_STRATEGY_WHITELISTER = "OnlyStrategyWhitelister"
    ONLY_UNDERLYING_TOKEN = "OnlyUnderlyingToken"
    NEW_SHARES_ZERO = "NewSharesZero"
    TOTAL_SHARES_EXCEEDS_MAX = "TotalSharesExceedsMax"
    WITHDRAWAL_AMOUNT_EXCEEDS_TOTAL_DEPOSITS = "WithdrawalAmountExceedsTotalDeposits"
    MAX_STRATEGIES_EXCEEDED = "MaxStrategiesExceeded"
    SHARES_AMOUNT_ZERO = "SharesAmountZero"
    SHARES_AMOUNT_TOO_HIGH = "SharesAmountTooHigh"
    SLASH_RESOLUTION_DELAY_NOT_ELAPSED = "SlashResolutionDelayNotElapsed"

    # AllocationManager
    NONEXISTENT_AVS_METADATA = "NonexistentAVSMetadata"
    INVALID_OPERATOR = "InvalidOperator"
    INVALID_OPERATOR_SET = "InvalidOperatorSet"
    INVALID_REDISTRIBUTION_RECIPIENT = "InvalidRedistributionRecipient"
    STRATEGY_ALREADY_IN_OPERATOR_SET = "StrategyAlreadyInOperatorSet"
    STRATEGY_NOT_IN_OPERATOR_SET = "StrategyNotInOperatorSet"
    ALREADY_MEMBER_OF_SET = "AlreadyMemberOfSet"
    NOT_MEMBER_OF_SET = "NotMemberOfSet"
    UNINITIALIZED_ALLOCATION_DELAY = "UninitializedAllocationDelay"
    MODIFICATION_ALREADY_PENDING = "ModificationAlreadyPending"
    SAME_MAGNITUDE = "SameMagnitude"
    INSUFFICIENT_MAGNITUDE = "InsufficientMagnitude"
    OPERATOR_NOT_SLASHABLE = "OperatorNotSlashable"
    STRATEGIES_MUST_BE_IN_ASCENDING_ORDER = "StrategiesMustBeInAscendingOrder"
    INVALID_WAD_TO_SLASH = "InvalidWadToSlash"
    INVALID_CALLER = "InvalidCaller"

    # Shared by several contracts
    INVALID_PERMISSIONS = "InvalidPermissions"
    INPUT_ADDRESS_ZERO = "InputAddressZero"
    INPUT_ARRAY_LENGTH_MISMATCH = "InputArrayLengthMismatch"
    INPUT_ARRAY_LENGTH_ZERO = "InputArrayLengthZero"

    # Reverts that carry no error of EigenLayer's own
    EMPTY_REVERT = "EmptyRevert"
    ARITHMETIC_PANIC = "Panic(0x11)"
    MUL_DIV_OVERFLOW = "Error(Math: mulDiv overflow)"
    UINT64_OVERFLOW = "Error(SafeCast: value doesn't fit in 64 bits)"
    ERC20_INSUFFICIENT_ALLOWANCE = "Error(ERC20: insufficient allowance)"
    ERC20_INSUFFICIENT_BALANCE = "Error(ERC20: transfer amount exceeds balance)"
    ERC20_TRANSFER_TO_ZERO_ADDRESS = "Error(ERC20: transfer to the zero address)"
