"""Switchroom: a self-hosted platform for meetings."""

__version__ = "0.1.0"
