"""Where a file comes from and what proves it, and what is remembered of it (I-01, I-02)."""
