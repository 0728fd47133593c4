"""The verbs of ``pitwire``. A module NAME here with a click command ``command`` is the verb NAME."""
