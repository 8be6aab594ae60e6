"""To see a study, without a screen."""
