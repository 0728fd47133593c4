"""A module whose import fails, for the tests of failing actors."""

raise RuntimeError("this module is not fit to be imported")
