"""Run every benchmark and print its tables."""

from benchmarks import discrete

if __name__ == "__main__":
    discrete.main()
