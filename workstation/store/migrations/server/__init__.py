"""What a server's copy of a study has beside the study's own tables."""
