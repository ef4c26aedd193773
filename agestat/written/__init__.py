"""What people write and what is written for them: lists of paths, tables, the words in them, text on streams.

This room knows spreadsheets, encodings and names of files; it knows nothing of pictures or models.
"""
