import pandas as pd

# Names of files may hold bytes that are no UTF-8: Python's strings have a place for them, Arrow's have not.
pd.set_option("mode.string_storage", "python")
