"""Who an account may be: features of both sides, candidates, weights, competition. Pure; docs/people.md."""
