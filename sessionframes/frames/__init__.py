"""Frames in, frames out; no source is known here."""
