"""What GAS does, one function a deed. Functions take `Services` first, and raise `chalicelib.exceptions`."""
