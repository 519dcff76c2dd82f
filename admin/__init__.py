"""What staff go through."""
