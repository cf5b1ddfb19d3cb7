"""Run every benchmark and print its tables."""

from benchmarks import discrete, training, wasserstein

if __name__ == "__main__":
    discrete.main()
    wasserstein.main()
    training.main()
