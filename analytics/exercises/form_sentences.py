"""What the wearer is told about an exercise: one short, kind sentence at a time.

It says what could be done next and never what is the matter with a back. Feedback changes how an exercise is done; it
is not shown to change pain.
"""

from enum import StrEnum

__all__ = ["AFTER_SET", "WHILE_EXERCISING", "Cue"]


class Cue(StrEnum):
    """What a sentence is about, the most useful first."""

    INCOMPLETE = "incomplete"
    TOO_FAST = "too_fast"
    HOLD_SHORT = "hold_short"
    RANGE_SHRINKING = "range_shrinking"
    SIDES_UNEVEN = "sides_uneven"
    SIDES_COUNT = "sides_count"
    BELOW_USUAL = "below_usual"
    NOTHING_COUNTED = "nothing_counted"
    PRAISE = "praise"


WHILE_EXERCISING: dict[Cue, tuple[str, ...]] = {
    Cue.INCOMPLETE: (
        "A little further, as far as it feels comfortable.",
        "That one was small: take it a bit further if you like.",
    ),
    Cue.TOO_FAST: (
        "Take your time: a little slower.",
        "Slow and smooth, with a breath for each one.",
    ),
    Cue.HOLD_SHORT: (
        "Hold it a little longer: {wanted_hold} if you can.",
        "Stay there for {wanted_hold}, and keep breathing.",
    ),
    Cue.RANGE_SHRINKING: (
        "They are getting smaller: a short rest is fine.",
        "Fewer and calmer ones count, too.",
    ),
    Cue.SIDES_UNEVEN: (
        "Go about as far to the {smaller_side} as to the {larger_side}, if comfortable.",
        "A little more to the {smaller_side}, a little less to the {larger_side}.",
    ),
    Cue.PRAISE: (
        "Nice and even, keep going.",
        "Well done: {count} so far.",
        "Good rhythm.",
        "That looks calm and steady.",
    ),
}
"""For each cue its sentences, which take turns."""

AFTER_SET: dict[Cue, tuple[str, ...]] = {
    Cue.INCOMPLETE: ("{count} done; next time fewer, and each as far as it feels comfortable.",),
    Cue.TOO_FAST: ("{count} done; next time take a little longer for each one.",),
    Cue.HOLD_SHORT: ("{count} done, held for about {hold}; next time try {wanted_hold}.",),
    Cue.RANGE_SHRINKING: ("{count} done; they got smaller towards the end, so rest well before the next set.",),
    Cue.SIDES_UNEVEN: ("{count} done; next time go about as far to the {smaller_side} as to the {larger_side}.",),
    Cue.SIDES_COUNT: ("{left_n} to the left and {right_n} to the right; next time do as many on each side.",),
    Cue.BELOW_USUAL: ("{count} done, a little smaller than your usual, which is fine.",),
    Cue.NOTHING_COUNTED: ("The set has ended; no whole repetition was counted this time.",),
    Cue.PRAISE: (
        "{count} done, calm and even.",
        "{count} done, well paced.",
        "{count} done: that was a good set.",
    ),
}
"""For each cue its sentences; which one follows from the count."""
