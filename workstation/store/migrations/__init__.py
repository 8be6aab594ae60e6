"""Schema steps, one file each, in a package per kind of database (``library``, ``study``).

A step is a module ``step_NNNN_what`` with ``upgrade(op)``, where `op` is alembic's ``Operations``. Steps
are numbered from 1 without gaps and never changed after a release.
"""
