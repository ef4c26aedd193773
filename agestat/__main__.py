"""``python -m agestat``."""

from agestat.cli.main import main

main()
