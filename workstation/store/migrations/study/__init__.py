"""Steps of the study's database, one file each."""
