"""The simulation: `scaler simulate`."""
