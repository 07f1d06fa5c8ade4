"""A question: a table, and a filter that checks itself when it is made. It knows no source."""

from sessionframes.query.q import Q
from sessionframes.query.query import Order, Query
from sessionframes.query.where import EVERY, Where

__all__ = ["EVERY", "Order", "Q", "Query", "Where"]
