"""The study browser: studies, wherever they are, as one list that can be searched, sorted and opened from.

Read first: ``window`` (the browser itself, one page for every place to look), ``page`` (the page of the study
database). Below it:

    search_bar  what to look for: words, a modality, a time
    study_tree  studies as a Qt model, and the list that shows them; knows no database, so a PACS may fill it
    study_rows  what stands in its rows; says nothing that names a person where that is hidden
    row_paint   how a row looks: thumbnail, two lines, what is missing
    folder_list the folders of the database: add, update, remove
    server_page, server_query, server_list, server_rows, transfer_list
                the page of PACS and DICOMweb servers: ask, fetch, receive
    deleting    the question before files are deleted
"""
