"""HTTP to read alerts and the rules behind them."""
