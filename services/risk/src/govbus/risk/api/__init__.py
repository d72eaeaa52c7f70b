"""HTTP edge of risk: gate and decisions, policies, scores."""
