"""What is decided and done for one date: the gate, the plan, sending, reconciliation, the closing balance."""
