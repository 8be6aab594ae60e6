"""The only wiring: settings and the library, opened once for either surface."""
