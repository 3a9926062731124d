"""How fast, how light: one script a claim, each against an alternative in the same run."""
