"""What a load does to a resource: service demand, waiting, scalability; pure arithmetic on observed intervals."""
