"""`python -m govbus.sdk.cli` is `govbus`."""

from govbus.sdk.cli.program import main

if __name__ == "__main__":
    main()
