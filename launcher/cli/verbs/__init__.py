"""The verbs of ``pitwire``: a module NAME here with a click command ``command`` is one."""
