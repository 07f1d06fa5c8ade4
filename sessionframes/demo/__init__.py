"""The demo: one seeded world of labs, sessions, probes and units, served over the wires of four archives.

Nothing in sessionframes imports this but the registry, and only when somebody asks for ``connect("demo")``.
"""
