"""Run every benchmark and print its tables."""

from benchmarks import discrete, wasserstein

if __name__ == "__main__":
    discrete.main()
    wasserstein.main()
