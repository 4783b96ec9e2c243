"""What people decided about a return, and how it is carried out."""
