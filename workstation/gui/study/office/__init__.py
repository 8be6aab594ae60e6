"""Looking after a study that was begun: a page of the set-up desk."""
