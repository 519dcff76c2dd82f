"""What staff see of the program: the pages under /admin/."""
