"""推进: milestones, planned against actual."""
