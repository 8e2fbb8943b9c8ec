"""A report as people read it: asked for by an address, put into words and drawings, on the page and on paper."""
