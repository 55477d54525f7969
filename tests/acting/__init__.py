"""Plays scenarios with a FakeDroplet on a clock that is moved by hand: nobody waits."""

from acting.droplet import ActingDroplet
from acting.play import judged, play, play_role, plays, rows_shown_by

__all__ = ["ActingDroplet", "judged", "play", "play_role", "plays", "rows_shown_by"]
