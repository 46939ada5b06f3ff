"""What the columns of a file hold: guessed, recognised, refused."""
