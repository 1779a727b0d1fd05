# SPDX-License-Identifier: MIT
"""What `memalotctl exporter` becomes: the figures of all agents for Prometheus.

`agents` asks memalotctl which agents there are and what they know, `figures` picks out
of a report what is told, `families` says it in Prometheus' words, `sweeper` makes
snapshots where that is wanted, and `__main__` serves.
"""
