"""A newcomer's tour through the demo in Chromium: the daily job once, and pictures of every page for docs/tour/."""
