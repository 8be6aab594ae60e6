"""Study set-up desk."""
