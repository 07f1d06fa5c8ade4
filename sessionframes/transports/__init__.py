"""The only rooms that talk to the outside: each turns requests into pages and knows no table."""
