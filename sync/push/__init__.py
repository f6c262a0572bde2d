"""Push: clients send actions, which are applied in order and exactly once."""
