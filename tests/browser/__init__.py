"""The reports in a real browser: the machine's Chromium, headless."""
