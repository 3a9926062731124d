"""`scaler simulate`: readings of the past, or arrivals, through the very same decision."""
