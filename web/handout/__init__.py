"""A copy of everything that is kept about one person, to hand out to them: for programs and to be read."""
