"""How fast and how large the workstation is: ``python -m benchmarks [NAME ...] [--json] [--runs N]``.

Each module of this folder that has ``NAMES`` and ``run`` is found by itself. ``NAMES`` is a tuple of
the figures it measures; ``run(runs)`` takes the number of runs (None: its own choice) and returns one
dictionary per figure, best made with `figures.figure`. Every figure stands beside a floor or a peer
measured in the same run, because a number alone says as much about the machine as about the program.
"""
