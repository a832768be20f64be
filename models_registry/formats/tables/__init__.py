"""First rows and statistics of files of rows, from their first megabytes alone.

Files come from anyone, and pyarrow is a large parser: so `reading` runs in a process of its own (`__main__`), with little
memory and time, no secrets in its environment, and no file but what its parent hands it range by range.
"""
