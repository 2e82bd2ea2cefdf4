"""政策: rulebooks, dated parameters, which version governs, and the wording of every message."""
