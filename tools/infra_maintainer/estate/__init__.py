"""What is rented and how it is used, and the rules that tell waste from redundancy, peak, recovery and hold. Pure."""
