"""One module a case, named by its number in ACCEPTANCE.md: ``L02_non_interacting_gas``."""
