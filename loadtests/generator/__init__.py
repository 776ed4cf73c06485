"""The load generator of a whole run: told slice by slice what to send where, it sends it and tells what came back."""
