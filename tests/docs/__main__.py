"""`python -m tests.docs`: make the generated parts of docs/ anew."""

from tests.docs.pages import DOCS, MADE, made, text

for name in MADE:
    (DOCS / name).write_text(made(text(name)), "utf-8")
