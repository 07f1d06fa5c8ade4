"""Tables on disk: written in parts, each whole or not there, and listed in a manifest written last."""
