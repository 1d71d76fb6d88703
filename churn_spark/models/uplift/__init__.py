"""Uplift: for whom an action does more, by one model of those acted upon and one of those withheld (T-learner)."""
