"""Claims judged in worker processes: both routes, one verdict, mutants."""
