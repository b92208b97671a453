"""What a person keeps: thumbs, and the test queries made of them."""
