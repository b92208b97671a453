"""`python -m qa` does what `pullquote` does."""

from qa.cli import main

if __name__ == "__main__":
    main()
