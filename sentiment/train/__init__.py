"""Training of what the embedded annotator carries; needs the extra `train`."""
