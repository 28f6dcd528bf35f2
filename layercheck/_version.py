"""The version of layercheck, read by the build backend."""

__version__ = "0.1.0"
