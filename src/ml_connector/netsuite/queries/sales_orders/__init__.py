"""What is asked about sales orders, and what was fulfilled from them."""
