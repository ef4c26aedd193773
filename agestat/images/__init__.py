"""From folders to crops: walk, decode, find faces, cut, and judge the quality of what was cut."""
