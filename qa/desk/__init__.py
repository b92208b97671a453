"""What a person keeps of a library: conversations, thumbs, and the test queries made of thumbs."""
