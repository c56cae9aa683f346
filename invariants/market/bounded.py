"""Terms of offers, funds and channels in the market's bounded models. Their numbers are small, so that few calls reach
every case.
"""

from typing import Final

from spec.arithmetic import WAD
from spec.market.chains_state import ChannelTerms
from spec.market.insurance_state import FundTerms
from spec.market.rates import BASE_FEE
from spec.market.state import Terms

TERMS: Final = Terms(
    is_open=False,
    curve=BASE_FEE,
    target_stake=10,
    divisor=2,
    floor_rate=WAD // 10,
    cap_rate=WAD,
    max_step_wad=WAD // 2,
    period_points=2,
)
FUND_TERMS: Final = FundTerms(cooldown_points=3, kink_wad=WAD // 2, slope_wad=WAD // 10, bars_self_insurance=True)
CHANNEL: Final = ChannelTerms(delay_points=1, staleness_points=2, reaction_points=1)
