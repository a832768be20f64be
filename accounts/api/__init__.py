"""What is the accounts' own for programs: signing in by a browser, and organisations."""
