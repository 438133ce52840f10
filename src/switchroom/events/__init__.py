"""What happens, told to those who want to know."""
