"""Many runs unattended: a plan is read, its runs are carried out by an engine, and their results put into one table.

The way: ``plans`` → ``engines`` (which call ``performing`` for each run) → ``batches`` → ``results``, ``index``.
"""
