"""What the command line does with sensors: found, added, looked at, tried out and recorded from."""
