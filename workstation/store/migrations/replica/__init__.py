"""What a machine remembers of the server that its study is copied to."""
