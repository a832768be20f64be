"""git spoken over a disposable object folder: rows are the truth, the real git program reads and checks packs.

`folders` keeps the object folders, `programs` runs git, `fetching` answers clones, `pushing` takes what is pushed:
`checking` looks at it, `importing` makes it rows.
"""
