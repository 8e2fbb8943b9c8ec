"""Segments: saved filters over people, counted live and handed on only as far as consent goes."""
