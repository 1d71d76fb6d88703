"""Simulated customers: deliveries with the traits of real ones, the causal model behind them, the truth beside."""
