"""招商项目库: projects, their phased demands and wishes, stages, reporting, contention, referral."""
