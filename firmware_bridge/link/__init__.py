"""The Bluetooth link: finds the wearer's sensor, connects, streams, and does so again for ever."""
