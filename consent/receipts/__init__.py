"""Receipts: what a person chose, given to that person, on screen, by e-mail and as a file (G 7(1), W-02)."""
