"""A whole hub on one machine: `python -m hub.embedded` starts its processes and watches over them.

Standard library only: the launcher lives as long as the hub does, and stays small.
"""
