"""Chaos experiments: faults at times, at random or at a message, and what must hold afterwards.

``model`` and ``load`` read experiment files, ``schedule`` makes of one and a seed what exactly is
done when, ``inject`` does it, ``watch`` sees what becomes of it, ``invariants`` says what must
hold, ``run`` puts these together, ``document`` makes a page of the results of many runs.
"""
