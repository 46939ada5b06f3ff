"""Who is too young to agree alone, and what shows that a holder of parental authority agreed as well (K-02, K-03)."""
