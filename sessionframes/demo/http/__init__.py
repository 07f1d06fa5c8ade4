"""What the demo's servers share: connections, answers that go wrong on purpose, a log of what was asked."""

from sessionframes.demo.http.faults import Fault, Script, Seen
from sessionframes.demo.http.listener import Listener
from sessionframes.demo.http.messages import HTML, JSON, Answer, Request

__all__ = ["HTML", "JSON", "Answer", "Fault", "Listener", "Request", "Script", "Seen"]
