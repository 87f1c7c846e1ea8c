"""Benefits (奖励扶助等: schemes as data, application to payment)."""
