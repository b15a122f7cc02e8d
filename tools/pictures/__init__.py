"""Pictures of the tasks, by what their networks read and give; see `tools/task_pictures.py`."""
