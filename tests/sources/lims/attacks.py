"""Texts that attack, texts that look like it, and what a database looks like unharmed."""

from __future__ import annotations

import psycopg

ATTACKS = (
    "0 or 1=1",
    "0) or (1=1",
    "1900-01-01' or '1'='1",
    "'; drop table ages cascade; --",
    "2019-10-03'; commit; drop table ages; --",
    "x' union select id, name from genders --",
    "\\'; drop table ages; --",
    "$$; drop table ages; $$",
    "{1}",
    "%s",
    "%(session_id_1)s",
    "%%",
    ":ids",
    "1\x00",
    "\ud800",
    "E'\\x27 or 1=1'",
)
NASTY = [
    "",
    " ",
    "it's",
    'say "so"',
    "back\\slash",
    "\\'",
    "100%",
    "%s",
    "%(a)s",
    "%",
    "_",
    ":type",
    "{a,b}",
    "a,b",
    "NULL",
    "null",
    "line\nbreak",
    "tab\t",
    "μ日本🐭",
    "é",
    "$1",
    "--",
    "/* */",
]


def fingerprint(url):
    with psycopg.connect(url, autocommit=True) as connection:
        names = [
            name
            for (name,) in connection.execute(
                "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace "
                "order by 1"
            )
        ]
        return {
            name: connection.execute(f'select count(*), sum(hashtext(t::text)) from "{name}" t').fetchone()
            for name in names
        }
