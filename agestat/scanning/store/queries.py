"""What a reader asks a store, in SQL."""

# The order of paths: two scans of the same files give the same rows in the same order, whichever decoder was
# first. This walks indexes and sorts nothing; CROSS JOIN and + keep SQLite from other plans.
FILES = "FROM roots CROSS JOIN files ON root_id = roots.id"
FACES = f"{FILES} CROSS JOIN faces ON file_id = files.id"
OF_RUN = "WHERE +run_id = ?"
IN_ORDER = "ORDER BY roots.path, files.path, settings_id"

# One that broke before its first file took nothing over and is no scan.
LATEST = """
SELECT max(id) FROM runs WHERE finished_at IS NOT NULL OR EXISTS (SELECT 1 FROM files WHERE run_id = runs.id)
"""
LATER = """
SELECT 1 FROM runs WHERE id > ? AND settings_id = (SELECT settings_id FROM runs WHERE id = ?)
    AND EXISTS (SELECT 1 FROM files WHERE run_id = runs.id)
"""
COUNTS = """
SELECT count(*), count(*) FILTER (WHERE status = 'failed'), count(*) FILTER (WHERE status = 'no_face'),
    count(*) FILTER (WHERE status = 'no_face' AND faces_left_out > 0), ifnull(sum(faces_left_out), 0),
    (SELECT reused FROM runs WHERE id = ?1),
    (SELECT count(*) FROM files JOIN faces ON file_id = files.id WHERE run_id = ?1)
FROM files WHERE run_id = ?1
"""
EMPTIED = """
SELECT count(*) FROM files WHERE run_id = ? AND status = 'ok'
    AND NOT EXISTS (SELECT 1 FROM faces WHERE file_id = files.id {kept})
"""
FAILURES = """
SELECT reason, count(*) FROM files WHERE run_id = ? AND status = 'failed'
GROUP BY reason ORDER BY count(*) DESC, reason
"""
