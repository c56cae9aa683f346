"""Laws of the market, and of any base beneath it, unchanged."""
