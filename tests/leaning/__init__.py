"""Plays outages with a small droplet that leans on a database, a Redis and an external API."""

from leaning.droplet import Habits, LeaningDroplet
from leaning.play import habits_of, kinds_needed, play_outages
from leaning.upstream import Upstream

__all__ = ["Habits", "LeaningDroplet", "Upstream", "habits_of", "kinds_needed", "play_outages"]
