"""Changes of posture in a daily summary."""

from analytics.summary_parts import Amount, Count, Part

__all__ = ["FiveRisesOfDay", "Transitions"]


class Transitions(Part):
    """Changes between postures."""

    sit_to_stand_n: Count | None
    stand_to_sit_n: Count | None
    sit_to_lie_n: Count | None
    lie_to_sit_n: Count | None
    stand_to_lie_n: Count | None
    lie_to_stand_n: Count | None


class FiveRisesOfDay(Part):
    """Five risings from a chair in succession, as often as that was seen; nobody said to be quick, so it is no test."""

    rows_n: Count
    """Rows of five risings or more that begin on this day."""
    best_to_stand_s: Amount | None
    """Shortest time from the beginning of a first rise to the fifth full stand; null without such a row."""
    best_to_seat_s: Amount | None
    """The same to the fifth sitting down."""
