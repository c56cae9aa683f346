"""The market around the stake, as a layer on any base that implements its port: a reference design, in integers."""
