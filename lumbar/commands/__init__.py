"""What each command does; `lumbar.cli` imports these only when they are called, so that ``--help`` is quick."""
