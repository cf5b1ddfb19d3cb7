"""The formulas themselves: one file a topic, each with a `CLAIMS` tuple."""
