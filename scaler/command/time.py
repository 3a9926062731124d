"""Moments and durations as people write them."""

from typing import Final

from scaler.command.options import Parsed
from scaler.simulation.command import duration, moment

MOMENT: Final = Parsed("TIME", moment)
DURATION: Final = Parsed("SECONDS", duration)
