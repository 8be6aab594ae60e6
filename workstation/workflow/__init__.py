"""What a person does, once, for both surfaces."""
