"""Reasons of rejection of the market's calls. No contract is deployed: the names are this design's own."""

from enum import Enum


class Reason(Enum):
    """Reasons of rejection, in the order in which rules may give them."""

    NOT_THE_SERVICE = "NotTheService"
    OFFER_IS_OPEN = "OfferIsOpen"
    NO_SUCH_OFFER = "NoSuchOffer"
    UNKNOWN_CURVE = "UnknownCurve"
    INVALID_TERMS = "InvalidTerms"
    INVALID_RISK = "InvalidRisk"
    FLOOR_BELOW_BREAK_EVEN = "FloorBelowBreakEven"
    NOTHING_TO_PAY_IN = "NothingToPayIn"
    PAYMENT_FAILED = "PaymentFailed"
    TOO_EARLY = "TooEarly"
    ALREADY_COUNTED = "AlreadyCounted"
    NOT_COUNTED = "NotCounted"
    INVALID_COMMISSION = "InvalidCommission"
    NO_COMMISSION_PENDING = "NoCommissionPending"
    TOO_MANY_COUNTED = "TooManyCounted"
    NOTHING_TO_CLAIM = "NothingToClaim"
