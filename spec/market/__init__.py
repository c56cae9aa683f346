"""The market around the stake: a layer on any base that implements its port. It is a reference design, in integers."""
