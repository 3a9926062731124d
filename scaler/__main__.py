"""`python -m scaler`."""

from scaler.command.group import main

if __name__ == "__main__":
    main()
