"""The application: it wires the rooms together and talks to the world."""
