"""Where tables come from: one file, or one folder, a source; each exposes ``SOURCE``."""
