"""机构: bodies, decision rights, duties, the joint conference, diagnosis of a profile."""
