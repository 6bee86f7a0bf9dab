"""What GAS does: one function per action, which takes `Services` first and raises `chalicelib.exceptions`."""
