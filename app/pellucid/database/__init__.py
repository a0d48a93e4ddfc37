"""The local index of studies: which patients, studies and series lie in the folders the user added.

Optional: there is no file until a folder is added, and none any more when the last one is taken out. It lies in the
user's own data folder (mode 0700, file 0600), knows files and never copies or changes them.

    schema      the tables, their version, and the connection: WAL, waiting for others, read-only where it must be
    store       one database in use: opened, set aside when broken, its folders kept beside it
    filing      headers that were read become rows: files, series, studies, patients, words to search
    indexing    a folder is looked through again: only what is new or changed is read, what vanished is marked
    asking      what a user typed becomes a question FTS5 cannot choke on
    searching   studies that answer a question, newest first; the series of a study; counts
    rows        what is found, as plain rows; a PACS may answer with the same ones
    opening     a series of the index becomes a ``dicom.stack.Series`` without its folder being scanned
    pictures    thumbnails, kept beside the series they show
    removing    out of the index (files stay), and the second step that deletes files

Nothing here knows Qt; ``session`` joins it with the window.
"""
