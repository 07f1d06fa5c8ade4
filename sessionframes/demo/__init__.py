"""Made-up labs behind the wires of the real systems; no network but the machine's own."""

from sessionframes.demo.opening import open_demo

__all__ = ["open_demo"]
