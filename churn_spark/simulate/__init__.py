"""Simulated customers: deliveries with the flaws of real ones, the causal model behind them, and the truth."""
