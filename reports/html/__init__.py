"""The HTML pages: one file, no network, for a screen, a phone, paper and a screen reader."""

from udckit.reports.html._render import FORMAT, html, template_named

__all__ = ["FORMAT", "html", "template_named"]
