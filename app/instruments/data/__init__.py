"""The bundled instrument master; see README.md for where its figures come from."""
