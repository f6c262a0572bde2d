"""One function per part of the answer to a pull, a module per subject."""
