"""Notebooks from their sources: `notebooks/source/NN_name.py` becomes `notebooks/NN_name.ipynb`.

    python -m seglearn.build            every chapter, executed
    python -m seglearn.build 00 01      these chapters
    python -m seglearn.build --check    is every notebook what its source says?

The walk of a chapter: `source` reads it and blanks the solutions, `kernels` runs it in a fresh kernel,
`outputs` keeps of what came out only what is the same on every machine, `faults` reads the result as a strict
stranger would, and `chapters` does all of it for the files on disk.
"""
