"""What the wearer is told: coaching, never a warning of harm.

Feedback changes posture; it is not shown to change pain.
"""

from posture.events import AlertKind

__all__ = ["ADVICE"]

ADVICE = {
    AlertKind.SLOUCH: "Time to change position: sit tall for a moment, or stand up.",
    AlertKind.PROLONGED_SLOUCH: "You have been sitting low for a while: a short walk would do you good.",
    AlertKind.SITTING: "Half an hour of sitting: how about standing up for two minutes?",
    AlertKind.PROLONGED_SITTING: "An hour of sitting: a break of two minutes on your feet would do you good.",
    AlertKind.STRAP_MOVED: "The sensor seems to have moved: put it right, or calibrate again if you had calibrated it.",
    AlertKind.NOT_WORN: "The sensor seems to lie somewhere: put it on when you like to go on.",
}
"""One short sentence for each alert."""
