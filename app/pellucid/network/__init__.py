"""Other machines: PACS by DIMSE, servers by DICOMweb, and a storage listener of our own.

Nothing here is started unless the user asks; nothing listens by default. Nothing here knows Qt; ``session`` joins
it with the window.

    nodes       the servers the user knows, the listener and our own AE title, as the settings keep them
    passwords   passwords and tokens: in memory, in a file of their own only if the user asks
    queries     what is asked (``Query``) and answered (``FoundStudy`` …): frozen records
    transfers   what is fetched and sent (``What``, ``Progress``, ``Fetched``, ``Sent``, ``Received``): frozen records
    asking      ``echo`` and ``find``: one way for DIMSE and DICOMweb
    fetching    ``fetch``: C-GET, C-MOVE or WADO-RS into a folder; what came stays, again fetches the rest
    sending     ``send``: C-STORE or STOW-RS, file by file
    listener    ``Listener``: receives while it is started
    outside     the processes that do all this: a peer reaches them and nothing else
    agent       what runs inside such a process; it does tasks of the rooms below
    dimse       tasks in DIMSE, with pynetdicom
    web         tasks in DICOMweb, with requests

``echo``, ``find``, ``fetch`` and ``send`` block: call them in a job. They take ``cancelled``, report on the way, and
say what went wrong in sentences (``Refused``), without names of patients and without passwords.
"""
