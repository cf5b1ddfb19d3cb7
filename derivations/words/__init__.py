"""What a claim is written in: claims, their language, the vocabulary of the field."""
